"""`python -m tests.browser fetch` gets a browser, once."""

from __future__ import annotations

import sys

from tests.browser.finding import NoBrowser, fetch

LINE = "=" * 100


def main(words: list[str]) -> int:
    """Exit code: 0, also when there is no way: then it says loudly which tests will be skipped."""
    if words != ["fetch"]:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        fetch()
    except NoBrowser as missing:
        print(f"{LINE}\nNO BROWSER: {missing}", file=sys.stderr)
        print(f"All tests in a real browser will be SKIPPED.\n{LINE}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
