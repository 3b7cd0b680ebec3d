"""Names of streams and keys stay what they are: they stand in the log for ever."""

from __future__ import annotations

from uuid import uuid5

import pytest

from domain.identity import AZYQ, call_key, code_key, receipt_keys


@pytest.mark.parametrize(
    ("shop", "receipt"), [("s-1", "r-1"), ("дүкен", "№ 7"), ("", ""), ("a" * 64, "b" * 64)]
)
def test_R27_the_quick_way_to_a_key_gives_the_uuid5(shop: str, receipt: str) -> None:
    assert receipt_keys(shop, receipt, "k") == (
        uuid5(AZYQ, f"receipt/{shop}/{receipt}"),
        uuid5(AZYQ, f"key/{shop}/k"),
    )
    assert call_key(shop, receipt) == uuid5(AZYQ, f"key/{shop}/{receipt}")
    assert code_key("ab" * 16) == uuid5(AZYQ, f"code/{'ab' * 16}")
    assert call_key(shop, receipt).version == 5
