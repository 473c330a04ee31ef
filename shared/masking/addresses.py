"""Postal addresses, as they are written in China and in English."""

import re
from collections.abc import Iterator
from typing import Final

from shared.masking.signs import Span, words

_UNIT: Final = (
    r"(?:(?:Apartment|Apt|Suite|Ste|Unit|Floor|Fl|Room|Rm|Flat)\.?[ ]?\#?|\#)[ ]?[A-Za-z0-9\-]{1,6}"
)
# In capitals, because "2 hours drive" is no street; in small letters where hardly anything else is meant.
STREET: Final = re.compile(
    rf"""[0-9]{{1,6}}(?:[A-Za-z]|-[0-9]{{1,4}})?[ ]{{1,2}}
    (?: (?:[A-Z0-9][\w'’\-]{{0,20}}\.?[ ]{{1,2}}){{1,4}}
      (?: Street | St | Avenue | Ave | Road | Rd | Boulevard | Blvd | Lane | Ln | Drive | Dr | Court | Ct
      | Way | Place | Pl | Terrace | Circle | Parkway | Pkwy | Highway | Hwy | Square | Trail | Close
      | Crescent | Gardens | Grove | Mews | Row )
    | (?:[a-z]{{3,20}}[ ]){{1,2}} (?: street | avenue | boulevard | blvd ) ) \b
    (?: \.?[ ](?:NW|NE|SW|SE|N|S|E|W)\b )?
    (?: [ ,]{{1,3}}{_UNIT} )?
    (?: ,[ ]? [A-Z][\w'’\-]{{1,20}}(?:[ ][A-Z][\w'’\-]{{1,20}}){{0,2}}
      (?= [ ]?[,.;!?\n] | [ ]?\Z | [ ][A-Z0-9] ) )?
    (?: ,?[ ]{{1,2}}[A-Z]{{2}}\b )? (?: ,?[ ]{{1,2}}[0-9]{{5}}(?:-[0-9]{{4}})?\b )?""",
    re.VERBOSE,
)
NO_STREET: Final = re.compile(r"\b(?:Hard|Flash|External|Disk|GB|TB|MB|USB|SSD|Best|Days?|Weeks?|Years?)\b")
_ANNOUNCED: Final = re.compile(
    r"(?:address|Address|ADDRESS|live at|lives at|lived at|residing at|ship to|Ship to|shipped to|deliver to"
    r"|Deliver to|delivered to|mail to|send to|sent to)(?: is| was)?[ ]?[:：,\-]?[ ]{0,2}(?:is )?"
)
# After such a word: from a house number or a unit on, all that is written in capitals or digits.
_WRITTEN_AS_ADDRESS: Final = re.compile(
    rf"""(?: {_UNIT}[ ,]{{1,2}} )? [0-9]{{1,6}}[A-Za-z]? ,?[ ]{{1,2}} [A-Z][\w'’\-]{{1,30}}
    (?: (?: [ ,]{{1,2}} | (?<=[ ][A-Z][a-z])\.[ ] )
      (?: [A-Z0-9\#][\w'’/\-]{{0,30}} | (?:of|de|la|le|the|van)(?=[ ][A-Z]) ) ){{0,12}}""",
    re.VERBOSE,
)
_POST_BOX: Final = re.compile(r"(?:PO Box|P\.O\. Box|PO BOX|P\.O\. BOX|P\.O\.Box)[ ]\#?[0-9]{1,8}")


def find_announced_addresses(plain: str) -> Iterator[Span]:
    for found in _POST_BOX.finditer(plain):
        yield Span(*found.span(), "address")
    for found in _ANNOUNCED.finditer(plain):
        if written := _WRITTEN_AS_ADDRESS.match(plain, found.end()):
            yield Span(*written.span(), "address")


# Provinces and the cities that people write without 市.
_PLACES: Final = "|".join(
    words(
        """北京 上海 天津 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南
        四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 广州 深圳 杭州 南京 武汉 成都
        西安 苏州 郑州 长沙 东莞 青岛 沈阳 宁波 昆明 大连 厦门 合肥 佛山 福州 哈尔滨 济南 温州 长春 石家庄
        常州 泉州 南宁 贵阳 南昌 太原 烟台 嘉兴 南通 金华 珠海 惠州 徐州 海口 乌鲁木齐 绍兴 中山 台州 兰州"""
    )
)
_ADDRESS_WORDS: Final = words(
    """收货地址 收件地址 联系地址 家庭地址 地址 住址 家住 住在 居住 户籍 邮寄到 寄到 寄往 寄至 送到 送至
    发到 发往 搬到"""
)
# A name ends at signs, and at characters of ordinary speech that hardly any place has in its name.
_IN_NAME: Final = (
    r"[^\x00-\u2e7f\u3000-\u33ff\uff00-\uffef"
    r"的了我你您他她它们在是到至去往住寄送给把被没说请吗呢吧啊但跟让很这就也买换退]"
)
_DISTRICT: Final = (
    "(?:自治州|地区|新区|街道|(?<![超城夜菜上])市|(?<![小社景市校厂城])区|县|旗|盟|镇|(?<!城)乡)"
)
_WAY: Final = (
    "(?:大道|胡同|小区|花园|公寓|家园|新村|大厦|广场|路|街|道|巷|村|里|苑|园|庄|屯|城|湾|坊|组|营|桥)"
)
_BUILDING: Final = (
    "(?:大厦|广场|小区|花园|公寓|家园|大楼|中心|大学|学院|学校|中学|小学|医院|酒店|宾馆|写字楼|公馆|苑|园)"
)
_HOUSE_PARTS: Final = "(?:号楼|号院|号|院|(?<=[A-Za-z])区|弄|栋|幢|座|单元|楼|室|户|层|门|组|房|铺)"
_NUMERAL: Final = (
    "(?:[甲乙丙丁]?[0-9]{1,5}[A-Za-z]?|[A-Za-z][0-9]{0,4}|[一二三四五六七八九十百零甲乙丙丁]{1,5})"
)
_HYPHENATED: Final = "(?!(?:19|20)[0-9]{2}-)[0-9]{1,4}(?:-[0-9]{1,4}){1,3}(?![0-9])"
_REST_OF_ADDRESS: Final = rf"""
    (?P<province> 省 | 市 | 自治区 | 特别行政区 )?
    (?P<districts> (?: [ ]?{_IN_NAME}{{1,8}}?{_DISTRICT} ){{0,5}} )
    (?P<ways> (?: [ ]?[0-9]{{0,4}}(?:(?![号弄栋幢座]){_IN_NAME}){{1,12}}?{_WAY}{{1,3}} ){{0,3}} )
    (?: [东西南北中]?[一二三四五六七八九十]?段 )?
    (?P<house> (?: [ \-]?{_NUMERAL}{_HOUSE_PARTS}
      | [ ]?(?:{_IN_NAME}|[A-Za-z0-9]){{2,10}}?{_BUILDING}
      | [ ]?{_IN_NAME}{{2,10}}?(?={_NUMERAL}(?:号楼|弄|栋|幢|座|单元|室))
      | [ ]?{_HYPHENATED}
      | (?<=[元栋幢座楼院号区])(?: -[0-9]{{1,4}} | [ ]?[0-9]{{3,4}} )(?![0-9号]) ){{0,6}} )"""
WORD_OF_PLACE: Final = re.compile(rf"{'|'.join(_ADDRESS_WORDS)}|{_PLACES}|省|市|区|县|旗")
_AFTER_PLACE: Final = re.compile(_REST_OF_ADDRESS, re.VERBOSE)
_AFTER_ADDRESS_WORD: Final = re.compile(
    rf"[是为在到至：:\s]{{0,4}}(?P<address>(?P<place>{_PLACES})?{_REST_OF_ADDRESS})", re.VERBOSE
)
_NUMBERED: Final = re.compile(rf"{_NUMERAL}{_HOUSE_PARTS}|{_HYPHENATED}")
_OF_A_HOME: Final = re.compile(rf"{_NUMERAL}(?:号楼|弄|栋|幢|座|单元|室|户)")
_IS_IN_NAME: Final = re.compile(_IN_NAME)
_IS_DISTRICT: Final = re.compile(_DISTRICT)


def find_chinese_addresses(plain: str) -> Iterator[Span]:
    """From each word of place on, read districts, ways and house number as far as they go, then judge."""
    end = 0
    while word := WORD_OF_PLACE.search(plain, end):
        if word.group() in _ADDRESS_WORDS:
            found = _AFTER_ADDRESS_WORD.match(plain, word.end())
            if found and _is_announced_address(found):
                yield Span(*found.span("address"), "address")
                end = found.end()
            else:
                end = word.end()
            continue
        end = word.end()
        start = word.start()
        is_suffix = end - start == 1
        if is_suffix and not _IS_DISTRICT.match(plain, start) and word.group() != "省":
            continue
        found = _AFTER_PLACE.match(plain, end)
        if not found:
            continue
        if not _is_address(found):
            end = found.start("ways")  # A later word of place in between would see the same ways and house.
        else:
            while (
                is_suffix and start > word.start() - 7 and start > 0 and _IS_IN_NAME.match(plain, start - 1)
            ):
                start -= 1
            yield Span(start, found.end(), "address")
            end = found.end()


def _is_address(found: re.Match[str]) -> bool:
    """A way with a number, or two levels of districts with the number of a home."""
    if found["ways"]:
        return _NUMBERED.search(found["house"]) is not None
    return bool(found["districts"]) and _OF_A_HOME.search(found["house"]) is not None


def _is_announced_address(found: re.Match[str]) -> bool:
    """After an address word less will do: a district, a way with a name, or two parts of a house number."""
    numbered = len(_NUMBERED.findall(found["house"]))
    if numbered:
        return numbered > 1 or bool(found["place"] or found["districts"] or found["ways"])
    return bool(found["districts"]) or len(found["ways"]) >= 4
