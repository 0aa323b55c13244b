#!/usr/bin/env python3
"""Writes docs/failures.md from the code that decides about failures: python scripts/failure_table.py [--check]

--check writes nothing and exits 1 when the page is out of date (a test does that).
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "failures.md"
sys.path.insert(0, str(ROOT))

from vla_ros.planning.failure_table import page  # noqa: E402
from vla_ros.planning.params import PlannerParams  # noqa: E402


def main() -> int:
    """Writes or checks the page."""
    text = page(PlannerParams())
    if "--check" in sys.argv:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
