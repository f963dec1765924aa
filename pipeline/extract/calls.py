"""Lines that speak to the reader of the page about the page: what he may press, join, send, read next time.

Sites word them as they like, but they must do two things: address him, or name themselves, and name a thing that only
a page or an account has. A sentence of an article does one of them at most, and mostly none.
"""

from __future__ import annotations

from pipeline.extract.variants import either_script

LONGEST = 90
"""Code points of such a line."""

PARAGRAPH = 40
"""Code points of sentences that speak to nobody, from which a line is of the article whatever is glued behind."""

ADDRESSED = either_script(
    r"[你您]|大家(?!庭|族)|各位|咱们|看官|伙伴|朋友们|亲们|老铁|家人们|读者群|编辑微信|[博楼]主|小编|我是"
    r"|本(?:报|刊|站|号|院|社|台|店|栏|网|稿|页|公众号|平台)(?!身)|编辑部|别忘了|记得|欢迎(?!仪式)|快来|赶快|不妨|[吧呀哟啦哦呗](?=[。！!～~]*$)"
)
"""Who is spoken to, who speaks, or how."""

THING = either_script(
    r"评论区|留言|晒出|VIP|(?:打开|阅读|解锁|查看)全文|点个?赞|点亮|红心|收藏|转发|转到|分享给|在看|公众号|公号|官微|视频号|服务号|订阅号|加微信|编辑微信"
    r"|进群|入群|拉[你您]|群聊|读者群|交流群|群组|后台|菜单|二维码|扫码|客户端|App|APP|粉丝|粉专|订阅|投稿|来稿|来信|截稿|稿费|稿酬|邮箱|下期|下回|下一期|下集|上期|往期"
    r"|码字|回放|侵权|转载|月票|推荐票|打赏|赞赏|会员|登录|小花|小星星|加号|加个?油|告一段落|[讲说]到这|聊到这|写到这|接着聊|聊聊|唠唠|学会了吗|心里有数|看完上面|拍照给"
    r"|频道|抽\S{1,3}位|送出|福利|文责|三连|投喂|电子[报信]|评论|报料|爆料|纠错|勘误|持续奉上|不见不散|WhatsApp|Telegram|LINE好友|募集中|征集|发至|星标|蓝字|名片|说出来"
)
"""What only a page or an account has."""

PRESS = either_script(
    r"点(?:一?下|击|开|按)?(?:上方|下方|上面|下面|右边|左边|文末|右上|右下|左下|左上)|(?:下[期次回]|明[天晚早]|我们|咱们)[^，。]{0,3}见[。！!～~]*$"
    r"|感谢(?:[您你]|大家|各位)[^。，]{0,6}(?:浏览|阅读|观看|收听|收看)"
)
"""What needs no address."""

ON_TOP = either_script(
    r"关注|公众?号|二维码|名片|客户端|App|APP|订阅|扫码|蓝字|星标|未授权|搬运|加群|进群|收听|耳机"
)
"""Of these one is needed above a text: whoever greets his readers there has begun."""

QUOTED = either_script(r"[“”「」『』]")
OF_OTHERS = either_script(
    r"(?:持续|继续|密切|高度|一直|引[起发]|值得|受到?|广泛|更多|社会|备受)关注|[说称](?!到这|出来|说)|表示|介绍：|据[^，]{0,20}介绍|[他她者人长员授师]介绍|透露|指出|认为|办理|缴费|申请|查询|申报"
)
"""What makes such a line one of an article: who said it, attention that is paid to something else."""


def is_call(line: str, place: str = "foot") -> bool:
    """Whether a line at the head or the foot of a body speaks to the reader about the page."""
    if len(line) > LONGEST or OF_OTHERS.search(line) or (place == "head" and not ON_TOP.search(line)):
        return False
    told = line[: line.rfind("。") + 1]
    if len(told) >= PARAGRAPH and not (ADDRESSED.search(told) or THING.search(told) or PRESS.search(told)):
        return False
    if PRESS.search(line):
        return True
    things = {found[0] for found in THING.finditer(line)}
    is_addressed = ADDRESSED.search(line) is not None and not QUOTED.search(line)
    return len(things) > 1 or (bool(things) and is_addressed)
