"""Every document we send is valid against Linear's own schema, and against the emulator's slice of it."""

import pytest
from graphql import parse, validate

from dev.emulators.linear import schema
from jobs.providers.linear import documents

NAMED = {name: text for name, text in vars(documents).items() if name[0].isupper() and isinstance(text, str)}


def test_all_documents_are_listed():
    assert set(documents.DOCUMENTS) == set(NAMED.values())


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_document_is_valid_against_the_slice(name):
    assert validate(schema.load(schema.SLICE), parse(NAMED[name])) == []


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_document_is_valid_against_linears_schema(name, official_schema):
    assert validate(schema.load(official_schema), parse(NAMED[name])) == []


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_document_costs_far_less_than_linear_allows(name):
    from dev.emulators.linear.limits import complexity

    document = parse(NAMED[name])
    points = complexity(schema.load(schema.SLICE), document, document.definitions[0], {})
    assert 0 < points < 5_000
