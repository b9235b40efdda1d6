"""How chapters become exercises that prove themselves: source, release, check, hint, progress, scorecard."""
