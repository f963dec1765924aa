"""Notices of a dozen kinds as offices and firms publish them, filled in again and again, and true copies of some.

A notice is its form, filled in: firms, codes, days, sums, places and people are others each time, the wording is not.
Some are copied by another site as sites do it: framed, with a line about the source, a word changed, in another
script, with other marks, cut at the end. A copy is of the cluster of its notice, and every notice of its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import opencc

from benchmarks.dedupe_cases import PLACES, Case, Writer

FIRMS = ["股份", "科技", "能源", "药业", "重工", "银行", "纸业", "水泥", "电子", "环境", "新材", "物流"]
ROADS = ["解放", "人民", "滨河", "建设", "长江", "学院", "新华", "朝阳", "文化", "工业"]
SUBJECTS = ["办公家具", "校车", "消防设备", "医用耗材", "绿化养护", "监控系统", "食堂食材", "服务器"]
SCHOOLS = ["第一中学", "实验小学", "外国语学校", "师范附小", "职业学院", "第三初级中学"]
CURRENCIES = ["美元", "欧元", "日元", "港元", "英镑", "林吉特", "卢布", "澳元", "加元", "泰铢"]
GOODS = ["大白菜", "土豆", "鸡蛋", "鲜猪肉", "草鱼", "黄瓜", "西红柿", "大蒜", "苹果", "粳米"]
LEVELS = ["蓝色", "黄色", "橙色", "红色"]
WEATHER = ["暴雨", "大风", "高温", "雷电", "大雾", "寒潮", "冰雹"]
CAUSES = ["买卖合同纠纷", "民间借贷纠纷", "离婚纠纷", "劳动争议", "建设工程施工合同纠纷", "物业服务合同纠纷"]
_SLOT = re.compile(r"\{([a-z]+)\d*\}")

FORMS: dict[str, tuple[str, str]] = {
    "halt": (
        "{firm}关于重大事项停牌的公告",
        """证券代码：{code} 证券简称：{firm} 公告编号：{year}-{issue}
{firm}股份有限公司关于重大事项停牌的公告
本公司董事会及全体董事保证本公告内容不存在任何虚假记载、误导性陈述或者重大遗漏，并对其内容的真实性、准确性和完整性承担个别及连带责任。
因公司正在筹划重大事项，鉴于该事项存在不确定性，为保证公平信息披露，维护投资者利益，避免造成公司股价异常波动，根据交易所有关规定，经公司申请，本公司股票自{date}起停牌。
公司承诺将尽快确定是否进行上述重大事项，并于股票停牌之日起的五个交易日内（含停牌当日）公告事项进展情况。
特此公告。
{firm}股份有限公司董事会
{date2}""",
    ),
    "dividend": (
        "{firm}{year}年年度权益分派实施公告",
        """重要内容提示：每股分配比例 A股每股现金红利{decimal}元（含税）。
相关日期：股权登记日{date}，除权（息）日{date2}，现金红利发放日{date2}。
一、通过分配方案的股东大会届次和日期 本次利润分配方案经公司{date3}的{year}年年度股东大会审议通过。
二、分配方案 本次利润分配以方案实施前的公司总股本{big}股为基数，
每股派发现金红利{decimal}元（含税），共计派发现金红利{big2}元。
三、分配对象：截至股权登记日下午上海证券交易所收市后，在中国证券登记结算有限责任公司上海分公司登记在册的本公司全体股东。
四、有关咨询办法 关于权益分派方案如有任何疑问，请按以下联系方式进行咨询。联系部门：证券事务部 联系电话：{phone}
特此公告。
{firm}股份有限公司董事会""",
    ),
    "board": (
        "{firm}第{ordinal}届董事会第{ordinal2}次会议决议公告",
        """{firm}股份有限公司（以下简称“公司”）第{ordinal}届董事会第{ordinal2}次会议通知于{date}以电子邮件方式发出，会议于{date2}在公司会议室以现场结合通讯方式召开。
会议应出席董事{small}人，实际出席董事{small}人，会议由董事长{person}先生主持，公司监事和高级管理人员列席了会议。会议的召集、召开符合《公司法》和《公司章程》的有关规定，会议合法有效。
经与会董事认真审议，以记名投票方式表决通过了以下决议：审议通过《关于聘任公司高级管理人员的议案》，同意聘任{person2}先生为公司副总经理，任期与本届董事会一致。表决结果：同意{small}票，反对0票，弃权0票。
特此公告。""",
    ),
    "weather": (
        "{place}气象台发布{weather}{level}预警信号",
        """{place}气象台{date}{hour}时{minute}分发布{weather}{level}预警信号：预计未来{hours}小时内，{place}大部地区将受{weather}天气影响，局部地区影响较重，请有关单位和个人加强防范。
防御指南：1.政府及相关部门按照职责做好防御准备工作；2.停止户外集会等活动，暂停室外作业；3.驾驶人员应注意交通安全，减速慢行；4.检查城市、农田、鱼塘排水系统，采取必要的排涝措施；5.请关注最新天气信息。""",
    ),
    "court": (
        "{place}人民法院公告",
        """（{year}）{place}民初{serial}号
{person}：
本院受理原告{person2}诉你{cause}一案，因采用其他方式无法向你送达，现依法向你公告送达起诉状副本、应诉通知书、举证通知书及开庭传票等。自本公告发出之日起，经过三十日即视为送达。
提出答辩状的期限为公告期满后十五日内，举证期限为公告期满后三十日内，并定于举证期满后第三日上午{hour}时{minute}分（遇法定节假日顺延）在本院第{small}审判庭公开开庭审理，逾期将依法缺席裁判。
特此公告。
{date}""",
    ),
    "tender": (
        "{place}{subject}采购项目中标公告",
        """一、项目编号：{serial}-{serial2}
二、项目名称：{place}{subject}采购项目
三、中标信息 供应商名称：{place2}{firm}有限公司 供应商地址：{place2}{road}路{small}号 中标金额：{money}万元
四、评审专家名单：{person}、{person2}、{person3}
五、代理服务收费标准及金额：参照国家有关规定执行，本项目代理服务费由中标供应商支付。
六、公告期限：自本公告发布之日起1个工作日。
七、其他补充事宜：各有关当事人对中标结果有异议的，可以在中标公告发布之日起七个工作日内，以书面形式向采购人或者采购代理机构提出质疑，逾期将不再受理。
八、凡对本次公告内容提出询问，请按以下方式联系。采购人信息 名称：{place}机关事务管理局 联系方式：{phone}""",
    ),
    "traffic": (
        "关于{road}路部分路段实行交通管制的通告",
        """因{road}路（{road2}路至{road3}路）进行道路改造施工，为确保施工安全和道路畅通，根据《中华人民共和国道路交通安全法》第三十九条之规定，决定对施工路段实行交通管制。现将有关事项通告如下：
一、管制时间：{date}至{date2}。
二、管制期间，禁止机动车在施工路段通行，途经车辆可绕行{road4}路。公交{bus}路临时调整运行线路，暂停停靠{place}站。
三、请广大车辆驾驶人和行人自觉遵守通告规定，服从现场交警的指挥和疏导。因施工给您出行带来的不便，敬请谅解。
{place}公安局交通警察支队
{date3}""",
    ),
    "school": (
        "{place}{school}{year}年招生公告",
        """根据教育主管部门关于义务教育阶段学校招生入学工作的要求，结合学校实际，现将{place}{school}{year}年招生工作有关事项公告如下：
一、招生计划 今年计划招收新生{small}个班，共{count}人。
二、报名时间 {date}至{date2}，每天上午{hour}:{minute}开始，过期不再办理。
三、报名材料 户口簿、房屋产权证明、预防接种证原件及复印件各一份，随迁子女另需提供居住证和务工证明。
四、录取办法 按照先审核、后录取的原则，分批次审核适龄儿童少年的入学条件，在学位许可的情况下依次录取，额满为止。
咨询电话：{phone} 联系人：{person}老师""",
    ),
    "rate": (
        "{date}人民币汇率中间价公告",
        """中国人民银行授权中国外汇交易中心公布，{date}银行间外汇市场人民币汇率中间价为：1美元对人民币{rate}元，1欧元对人民币{rate2}元，100日元对人民币{rate3}元，1港元对人民币{rate4}元，1英镑对人民币{rate5}元，1澳大利亚元对人民币{rate6}元，1新西兰元对人民币{rate7}元，1新加坡元对人民币{rate8}元，1瑞士法郎对人民币{rate9}元，1加拿大元对人民币{rate10}元。""",
    ),
    "water": (
        "{place}停水通知",
        """尊敬的用水户：
因{road}路供水管道改造碰口施工，我公司定于{date}{hour}时至次日{hour2}时对{road2}路以南、{road3}路以北区域停水，届时高层用户和地势较高地段可能出现水压不足或无水现象。
请以上区域的单位和居民提前做好储水准备，并关好水龙头，以免恢复供水时造成不必要的损失。恢复供水初期，水质可能出现短时浑浊，属正常现象，请放水片刻后再使用。
如遇不可抗力因素导致停水时间变更，将另行通知。不便之处，敬请谅解！供水服务热线：{phone}
{place}自来水有限公司
{date2}""",
    ),
    "lottery": (
        "双色球第{serial}期开奖公告",
        """{date}晚，双色球第{serial}期在京开奖。当期开出的红球号码为：{ball}、{ball2}、{ball3}、{ball4}、{ball5}、{ball6}，蓝球号码为{ball7}。
当期一等奖开出{small}注，单注奖金为{big}元，分落{place}、{place2}等地。二等奖开出{count}注，单注奖金为{big2}元。
当期销量为{big3}元，开奖后奖池滚存金额为{big4}元。温馨提示：本期兑奖有效期为六十天，逾期作弃奖处理，请彩民及时兑奖，理性购彩，量力而行。""",
    ),
    "prices": (
        "{place}农副产品价格表（{date}）",
        """{place}农产品批发市场{date}主要品种平均批发价，单位：元/公斤。
大白菜 {price}
土豆 {price2}
鸡蛋 {price3}
鲜猪肉 {price4}
草鱼 {price5}
黄瓜 {price6}
西红柿 {price7}
大蒜 {price8}
苹果 {price9}
粳米 {price10}
以上价格由市场信息部采集，仅供参考，实际成交价以现场交易为准。品种规格不同价格会有差异，经营者应当明码标价，不得哄抬价格。""",
    ),
}
"""Name: title and text, with what is filled in; one name is one thing within a notice."""

LARGE = {"halt": 150, "weather": 100}
"""Forms with many instances."""

_TRADITIONAL = opencc.OpenCC("s2tw").convert
_HALF = str.maketrans("，：；（）？！", ",:;()?!")

FRAME = [
    "免责声明：本文系转载，版权归原作者所有，本站仅提供信息存储空间服务，如有侵权请联系删除。",
    "上一篇：没有了 下一篇：返回列表 打印本页 关闭窗口",
]

COPIES: tuple[Callable[[Writer, str, str], tuple[str, str]], ...] = (
    lambda w, title, text: (title, text),
    lambda w, title, text: (_TRADITIONAL(title), _TRADITIONAL(text)),
    lambda w, title, text: (title.translate(_HALF), text.translate(_HALF)),
    lambda w, title, text: (
        title,
        f"来源：{w.body()} 发布时间：2024-05-{w.chance.randint(10, 28)} 16:20\n{text}",
    ),
    lambda w, title, text: (f"【快讯】{title}", text.replace("请", "烦请").replace("特此公告。", "")),
    lambda w, title, text: (title, "\n".join(text.splitlines()[:-1]) if text.count("\n") > 4 else text),
    lambda w, title, text: (title, "\n".join(["首页 > 公告 > 正文", text, *FRAME])),
    lambda w, title, text: (title, "\n".join(w.edited(text.splitlines(), 1))),
)
"""How other sites have a notice."""


def notices(w: Writer, count: int) -> Iterator[Case]:
    """Every form filled in a dozen times at least, each notice by its office; a fifth of them copied elsewhere."""
    for name, form in FORMS.items():
        instances = LARGE.get(name, 12 + (len(name) * 7 + count) % 28)
        for n in range(instances):
            title, text = _filled(w, form)
            said = {"cluster": f"{name}.{n}", "form": name}
            yield w.case(name, said["cluster"], text, site=f"{name}.example", title=title, form=name)
            if n % 5 == 0:
                title, text = COPIES[n // 5 % len(COPIES)](w, title, text)
                yield w.case(name, said["cluster"], text, title=title, form=name)


def _filled(w: Writer, form: tuple[str, str]) -> tuple[str, str]:
    values: dict[str, str] = {}

    def fill(found: re.Match[str]) -> str:
        if found.group() not in values:
            values[found.group()] = SLOTS[found.group(1)](w)
        return values[found.group()]

    title, text = (_SLOT.sub(fill, part) for part in form)
    return title, text


def _between(least: int, most: int, shown: str = "{}") -> Callable[[Writer], str]:
    return lambda w: shown.format(w.chance.randint(least, most))


def _of(words: list[str]) -> Callable[[Writer], str]:
    return lambda w: w.pick(words)


SLOTS: dict[str, Callable[[Writer], str]] = {
    "firm": lambda w: w.pick(PLACES) + w.pick(FIRMS),
    "code": _between(600000, 603999),
    "year": _between(2019, 2025),
    "issue": _between(1, 120, "{:03d}"),
    "date": lambda w: f"2024年{w.chance.randint(1, 12)}月{w.chance.randint(1, 28)}日",
    "decimal": lambda w: f"0.{w.chance.randint(10, 990)}",
    "big": lambda w: f"{w.chance.randint(10**6, 9 * 10**8):,}",
    "phone": lambda w: f"0{w.chance.randint(311, 999)}-{w.chance.randint(2 * 10**6, 9 * 10**6)}",
    "ordinal": lambda w: w.pick("二三四五六七八九") + w.pick(["", "十", "十一"]),
    "small": _between(1, 19),
    "count": _between(40, 900),
    "hour": _between(7, 19),
    "hours": lambda w: w.pick(["3", "6", "12", "24"]),
    "minute": lambda w: w.pick(["00", "15", "30", "45"]),
    "person": lambda w: w.person(),
    "place": lambda w: w.pick(PLACES) + w.pick("市县区"),
    "weather": _of(WEATHER),
    "level": _of(LEVELS),
    "serial": _between(2024001, 2024999),
    "cause": _of(CAUSES),
    "subject": _of(SUBJECTS),
    "road": _of(ROADS),
    "money": lambda w: f"{w.chance.randint(10, 3000)}.{w.chance.randint(10, 99)}",
    "bus": _between(1, 199),
    "school": _of(SCHOOLS),
    "rate": lambda w: f"{w.chance.randint(1, 9)}.{w.chance.randint(1000, 9999)}",
    "ball": _between(1, 33, "{:02d}"),
    "price": lambda w: f"{w.chance.randint(1, 30)}.{w.chance.randint(10, 99)}",
}
"""What is filled in, by the name before its number."""
