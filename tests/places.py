"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # the checkout
SHARED = ROOT.parent / "shared" / "data"  # real files, where somebody put them
