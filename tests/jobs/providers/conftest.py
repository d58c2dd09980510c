from tests.plugins.linear import http_to, linear, official_schema, start_linear

__all__ = ["http_to", "linear", "official_schema", "start_linear"]
