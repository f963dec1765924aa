"""Which characters are Han: the one range all rooms count and match by. Insides of character classes."""

from __future__ import annotations

IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f"
"""CJK ideographs with extensions A to J and the compatibility ones (Unicode 17, Blocks.txt)."""

HAN = IDEOGRAPHS + "〇々"
"""And the two letters that stand among them: the zero and the iteration mark."""
