"""Labels that tell the objects of a stack from everybody else's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kserve.ownership import release_record, stack_label


def test_a_plain_name_is_readable() -> None:
    assert stack_label("organization", "shop", "dev") == "organization.shop.dev"


@pytest.mark.parametrize("stack", ["dev/eu", "x" * 80, "dev-"])
def test_a_name_that_is_no_label_ends_in_a_hash(stack: str) -> None:
    assert re.search(r"^organization\.shop\..*-[0-9a-f]{8}$", stack_label("organization", "shop", stack))


@given(st.tuples(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1)))
def test_every_label_is_one_that_kubernetes_takes(names: tuple[str, str, str]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", stack_label(*names))


def test_two_long_names_that_begin_alike_differ() -> None:
    assert stack_label("o", "p", "x" * 80) != stack_label("o", "p", "x" * 81)


def test_a_release_record_is_named_after_its_release() -> None:
    assert release_record("kserve-crd") == "pulumi-kserve-release-kserve-crd"
