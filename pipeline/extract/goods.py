"""Whether a page offers something for sale: what it says of that is a description of goods and no article.

The page declares a product (schema.org, Open Graph) and no article, or it prints a price (of a flat the rent, of a
post the pay) and a button of a shopping cart, or of those who let or hire, above its first paragraph. A box of goods
below an article is no sign.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.layout import Layout
from pipeline.extract.marks import words_of
from pipeline.extract.variants import either_script

PRODUCT = re.compile(r'"@type"\s{0,9}:\s{0,9}\[?\s{0,9}"(?:Product|ProductGroup|IndividualProduct)"')
ARTICLE = re.compile(r'"@type"\s{0,9}:\s{0,9}\[?\s{0,9}"\w{0,20}(?:Article|Posting|Report|Review)"')
OFFER = re.compile(r'"(?:offers|price)"\s{0,9}:')
"""Without one a product is what an article is about, or a page's stars."""

DECLARED = "[itemtype$='schema.org/Product'], meta[property='og:type'][content^='product']"
DECLARED_OFFER = "[itemprop=offers], [itemprop=price], meta[property='product:price:amount']"
DECLARED_ARTICLE = "[itemtype*='Article'], [itemtype*='Posting'], meta[property='og:type'][content='article']"

CART = either_script(
    r"\W{0,3}(?:(?:加入|放入|添加到?)(?:购物车|购物袋|购物篮|进货单|采购车)|(?:立即|马上|现在|我要)(?:购买|抢购|订购|下单|结帐|结账|询价|预订|采购)|"
    r"预约看房|联系(?:经纪人|房东|卖家)|(?:立即|马上)(?:沟通|申请|投递)|投递简历|申请(?:职位|该职位)|"
    r"add\s?to\s?(?:cart|bag|basket)|buy\s?(?:it\s)?now)\W{0,3}",
    re.I,
)
PRICE = either_script(
    r"(?:[¥￥]|NT\$|HK\$|US\$|RMB)\s?\d|\d\s?元(?:[/／起]|$)|(?:单价|售价|定价|促销价|原价|现价|会员价|批发价|市场价|价格|总价|月租|租金|月薪|薪资)\s?[:：]?\s{0,3}(?:[¥￥]\s?)?\d|"
    r"(?<!\d)\d{1,3}(?:\.\d)?\s?[-–~至]\s?\d{1,3}(?:\.\d)?\s?(?:[Kk](?![A-Za-z])|千(?:/月)?)"
)
SHORT = 60
"""Code points of the longest line that is a price and no sentence."""

BUTTONS = 300
"""Buttons and links of a page that are looked at."""


def is_for_sale(tree: LexborHTMLParser, layout: Layout, kept: Sequence[int], heading: int | None) -> bool:
    """Whether the page offers goods; `kept` are the lines that were read, `heading` is that of the title."""
    is_product = tree.css_first(DECLARED) is not None and tree.css_first(DECLARED_OFFER) is not None
    if is_product and tree.css_first(DECLARED_ARTICLE) is None:
        return True
    data = [node.text() or "" for node in tree.css("script[type='application/ld+json']")[:20]]
    is_product = any(PRODUCT.search(each) and OFFER.search(each) for each in data)
    if is_product and not any(map(ARTICLE.search, data)):
        return True
    first = next((i for i in kept if "。" in layout.lines[i].text), len(layout.lines))
    above = range(heading if heading is not None else 0, first)
    return any(_is_price(layout, i) for i in above) and _has_cart(tree, layout, above)


def _is_price(layout: Layout, index: int) -> bool:
    line = layout.lines[index]
    if len(line.text) > SHORT or "。" in line.text:
        return False
    named = any("price" in words_of(layout.boxes[box].names) for box in layout.up(line.box, 2))
    return PRICE.search(line.text) is not None or (named and any(map(str.isdigit, line.text)))


def _has_cart(tree: LexborHTMLParser, layout: Layout, above: Sequence[int]) -> bool:
    pieces = (piece.text.strip() for i in above for piece in layout.lines[i].pieces)
    if any(len(said) <= SHORT and CART.fullmatch(said) for said in pieces):
        return True
    buttons = tree.css("button, input[type=button], input[type=submit]")[:BUTTONS]
    said = (node.attributes.get("value") if node.tag == "input" else node.text() for node in buttons)
    return any(CART.fullmatch((each or "")[:SHORT].strip()) for each in said)
