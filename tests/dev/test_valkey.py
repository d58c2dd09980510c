import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.valkey import Valkey
from tests.plugins.services import RedisUrls


def test_queues_and_limits_are_kept_apart(valkey_server: RedisUrls) -> None:
    with (
        redis.Redis.from_url(valkey_server.queues_url) as queues,
        redis.Redis.from_url(valkey_server.limits_url) as limits,
    ):
        queues.set("tests:place", "queues")
        limits.set("tests:place", "limits")
        assert queues.get("tests:place") == b"queues"


def test_what_is_written_goes_to_disk_and_a_full_server_refuses_instead_of_forgetting(valkey_server: RedisUrls) -> None:
    with redis.Redis.from_url(valkey_server.queues_url) as queues:
        assert queues.config_get("appendonly") == {"appendonly": "yes"}
        assert queues.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_without_the_password_nothing_is_answered(valkey_server: RedisUrls) -> None:
    port = int(valkey_server.queues_url.rpartition(":")[2].partition("/")[0])
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_address_carries_an_awkward_password_whole() -> None:
    assert Valkey("127.0.0.1", 6379, "a/b@c").queues_url == "redis://:a%2Fb%40c@127.0.0.1:6379/0"
