"""The sample site's sites: how each one prints an article."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One look: a template, and how paragraphs and the line under the title are written."""

    template: str
    """File in templates/ without the ending."""
    paragraph: str
    """HTML of a paragraph, with `{}` for its text."""
    heading: str = "<p><strong>{}</strong></p>"
    """HTML of a subheading."""
    byline: str = "{day} {time}"
    """HTML between title and body; an empty fact leaves its whole `|`-separated piece out."""
    between: tuple[str, ...] = ()
    """HTML put between the second and the third paragraph, as advertisements are."""
    charset: str = "utf-8"
    """Codec of the page's bytes."""
    content_type: str = "text/html"
    """Content-Type of its pages."""
    server: str = "a"
    """a: the first port; mirror: the second."""
    name: str = ""
    """The site's own name, as it prints it."""
    absent: tuple[str, ...] = ()
    """Furniture of the template that must not reach a text."""


SITES: dict[str, Site] = {
    "portal": Site(
        template="portal",
        paragraph="<P>　　{}</P>",
        byline="{year}年{month}月{date}日 {time}　|　来源：{origin}　|　作者：{author}",
        between=(
            '<table align="left"><tr><td><a href="/ad/1"><img src="/ad/300.gif" width="300"></a></td></tr></table>',
        ),
        charset="gbk",
        name="青石在线",
        absent=(
            "责任编辑",
            "您现在的位置",
            "打印本页",
            "相关链接",
            "点击排行",
            "版权所有",
            "备案序号",
            "下一页",
        ),
    ),
    "gov": Site(
        template="gov",
        paragraph='<p style="text-indent: 2em;"><span style="font-family: 仿宋;">{}</span></p>',
        byline="发布时间：{day} {time}|　来源：{origin}|　作者：{author}",
        content_type="text/html; charset=utf-8",
        name="临川湾区人民政府门户网站",
        absent=("当前位置", "浏览次数", "相关稿件", "网站标识码", "分享到", "主办："),
    ),
    "blog": Site(
        template="blog",
        paragraph="　　{}<br />\n<br />",
        heading="<b>{}</b><br />\n<br />",
        byline="{day} {time}:00| | 分类：{section}| | 作者：{author}",
        content_type="text/html; charset=UTF-8",
        name="慢一点的日子",
        absent=("转载请注明出处", "标签：", "路过的阿伟", "博主什么时候更新", "最近文章", "友情链接"),
    ),
    "wx": Site(
        template="wx",
        paragraph='<section style="margin: 0 8px;"><span style="font-size: 15px;">{}</span></section>',
        heading='<section style="text-align: center;"><strong><span>{}</span></strong></section>',
        between=('<section><img class="rich_pages" data-src="/img/w1.jpg" data-ratio="0.66"></section>',),
        content_type="text/html; charset=UTF-8",
        name="消息公众平台",
        absent=("点击上方蓝字", "点个“在看”", "功能介绍", "阅读原文"),
    ),
    "news": Site(
        template="news",
        paragraph="<p>　　{}</p>",
        heading="<h2>{}</h2>",
        byline='<span class="time">{day} {time}</span>| '
        "<span>来源：{origin_link}</span>| <span>作者：{author}</span>",
        between=('<div class="ad-inline"><span>广告</span><a href="/ad/1">买一送一，限时三天</a></div>',),
        content_type="text/html; charset=utf-8",
        name="南屏新闻网",
        absent=(
            "本网登载此文",
            "扫描二维码",
            "责任编辑",
            "推荐阅读",
            "热搜词",
            "贷款利率",
            "小编说得太对了",
            "买一送一",
        ),
    ),
    "taiwan": Site(
        template="taiwan",
        paragraph="<p>{}</p>",
        byline="{year}/{month}/{date} {time}|　記者{author}／{section}報導",
        charset="big5",
        name="岛民报",
        absent=("延伸阅读", "粉丝团", "未经授权", "字级设定", "登入会员"),
    ),
    "hant": Site(
        template="hant",
        paragraph="<p>{}</p>",
        byline="{day} {time}|　來源：{origin}",
        content_type="text/html; charset=utf-8",
        name="壹点资讯",
        absent=("相关推荐", "露营地", "厨房收纳", "上一篇"),
    ),
    "tech": Site(
        template="tech",
        paragraph="<p>{}</p>",
        heading="<p><strong>{}</strong></p>",
        byline="<span>来源：{origin}</span>| <span>作者：{author}</span>| <span>{day} {time}</span>",
        content_type="text/html",
        name="芯路论坛",
        absent=("审核编辑", "入驻作者", "次阅读", "相关推荐", "加入交流群", "关注", "浏览量"),
    ),
    "magazine": Site(
        template="magazine",
        paragraph="<p>{}</p>",
        heading="<h2>{}</h2>",
        byline="{author}| · {year}年{month}月{date}日",
        content_type="text/html; charset=utf-8",
        name="草木与星辰",
        absent=("每周通讯", "更多文章", "编辑部手绘", "订阅"),
    ),
    "oldlit": Site(
        template="oldlit",
        paragraph="　　{}<br>",
        byline="作者：{author}",
        charset="gbk",
        name="草堂书屋",
        absent=("返回目录", "扫校", "位访客", "留言簿"),
    ),
    "repost": Site(
        template="repost",
        paragraph="<p>{}</p>",
        byline="时间：{day} {time}|　编辑：小易|　来源：{origin_link}",
        content_type="text/html",
        server="mirror",
        name="万事通资讯",
        absent=("免责声明", "猜你喜欢", "推杯子", "侵权"),
    ),
    "wrapped": Site(
        template="wrapped",
        paragraph="<p>{}</p>",
        byline="{day} {time}",
        content_type="text/html",
        server="mirror",
        name="聚合看点",
        absent=("温馨提示", "小编", "大家都在看", "投稿须知"),
    ),
}
