"""The two halves: frames, ways of writing, and texts with nothing in them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dev.masking.identifiers import (
    CITIES,
    ENGLISH,
    GIVEN,
    ROADS,
    SURNAMES,
    card,
    digits,
    grouped,
    home,
    house,
    identity,
    landline,
    mailbox,
    mobile,
    passport,
    plate,
)


@dataclass(frozen=True)
class Half:
    """Frames with `{}` for an identifier, by kind; how each kind is written; texts with nothing in them."""

    frames: dict[str, Sequence[str]]
    ways: dict[str, Sequence[Callable[[random.Random], str]]]
    harmless: Sequence[Callable[[random.Random], str]]


SEEN = Half(
    {
        "id-card": (
            "身份证号{}，请核实",
            "我的身份证是{}。",
            "My ID number is {}, please check.",
            "证件号码：{}",
        ),
        "phone": ("请打{}联系我", "手机{}，随时", "Please call me at {}.", "联系电话：{}，谢谢"),
        "landline": ("座机{}没人接", "办公室电话：{}", "my office is {}", "请回电{}"),
        "bank-card": ("钱从{}扣了", "银行卡号：{}，没有到账", "Card {} was charged twice.", "退到{}这张卡"),
        "passport": ("护照{}被拒", "护照号码：{}", "My passport {} was lost.", "passport no. {}"),
        "plate": ("车牌{}在停车场被刮", "我的车{}被拖走", "开{}来的", "my car {} was hit"),
        "email": ("邮箱{}收不到", "发到{}即可", "Write to {} please.", "email: {}"),
        "address": ("我住在{}，请上门", "收货地址：{}", "送到{}的快递丢了", "地址是{}。"),
        "name": ("我是{}，请回复", "{}的订单没有到", "This is {} writing.", "please tell {} the result"),
    },
    {
        "id-card": (identity,),
        "phone": (mobile, lambda c: grouped(mobile(c), (3, 4), "-"), lambda c: "+86 " + mobile(c)),
        "landline": (lambda c: "-".join(landline(c)), lambda c: "({}){}".format(*landline(c))),
        "bank-card": (card, lambda c: grouped(card(c), (4, 4, 4, 4), " ")),
        "passport": (passport,),
        "plate": (plate, lambda c: (p := plate(c))[:2] + "·" + p[2:]),
        "email": (lambda c: mailbox(c) + "@" + c.choice(("qq.com", "163.com", "example.com")),),
        "address": (lambda c: c.choice(CITIES) + c.choice(ROADS) + house(c) + home(c),),
        "name": (lambda c: c.choice(SURNAMES) + c.choice(GIVEN), lambda c: c.choice(ENGLISH)),
    },
    (
        lambda c: f"订单号{digits(c, 12)}还没发货",
        lambda c: f"Order {digits(c, 11)} is late.",
        lambda c: f"批号{digits(c, 8)}有裂纹，共{c.randint(2, 900)}件",
        lambda c: f"报警代码 E{digits(c, 4)}，型号 M7-{digits(c, 3)}",
        lambda c: f"2026-{c.randint(1, 12):02}-{c.randint(1, 28):02} {c.randint(0, 23):02}:15 停机",
        lambda c: f"价格{c.randint(100, 99999)}.50元，太贵",
    ),
)
HELD_OUT = Half(
    {
        "id-card": (
            "本人（{}）要求赔偿",
            "用{}实名登记的账户被锁了",
            "Verification with {} fails each time",
            "核验信息:{};请尽快处理",
        ),
        "phone": (
            "打了三次{}都没人理",
            "微信同号{}",
            "you can text {} any evening",
            "师傅把{}存错了",
            "换号了,新号{},旧号作废",
        ),
        "landline": ("单位那边{}，白天打", "传真请发{}", "our reception: {}", "拨{}转售后也没用"),
        "bank-card": (
            "误扣款的那张是{}，求退",
            "refund to {} never came",
            "尾款请打到{}（本人账户）",
            "刷了{}两遍",
        ),
        "passport": (
            "入住时登记的{}打错一位",
            "holder of {} was denied boarding",
            "签证页与{}不符",
            "证件{}过期",
        ),
        "plate": (
            "那辆{}堵住了消防通道",
            "保险公司说{}不在理赔范围",
            "the van {} blocked us",
            "{}，白色轿车，违停",
        ),
        "email": ("抄送{}一份", "账号{}登录不上", "my login is {}", "(回执{}未收到)"),
        "address": ("师傅去错了，我家在{}三年了", "安装点：{}，没人来", "退货寄{}收", "他们把货卸在{}门口"),
        "name": ("签收人写成了{}", "“{}”三个字都写错", "regards, {}", "Ask for {} at the gate", "{}女士投诉"),
    },
    {
        "id-card": (identity, lambda c: grouped(identity(c), (6, 8), " "), lambda c: identity(c).lower()),
        "phone": (
            mobile,
            lambda c: grouped(mobile(c), (3, 4), " "),
            lambda c: "0086" + mobile(c),
            lambda c: "+86-" + grouped(mobile(c), (3, 4), "-"),
            lambda c: mobile(c).translate({48 + d: 0xFF10 + d for d in range(10)}),
        ),
        "landline": (
            lambda c: " ".join(landline(c)),
            lambda c: "（{}）{}".format(*landline(c)),
            lambda c: "-".join(landline(c)) + f"转{c.randint(10, 999)}",
            lambda c: f"+86 {(place := landline(c))[0][1:]} {place[1]}",
        ),
        "bank-card": (
            card,
            lambda c: grouped(card(c), (4, 4, 4, 4), "-"),
            lambda c: grouped(card(c), (6,), " "),
        ),
        "passport": (passport,),
        "plate": (
            plate,
            lambda c: (p := plate(c))[:2] + " " + p[2:],
            lambda c: plate(c)[:2] + "D" + digits(c, 5),
        ),
        "email": (
            lambda c: mailbox(c) + "@" + c.choice(("mail.sjtu.edu.cn", "outlook.com", "firma.de")),
            lambda c: mailbox(c).upper() + "@Example.ORG",
            lambda c: mailbox(c) + "+shop@gmail.com",
        ),
        "address": (
            lambda c: c.choice(CITIES) + c.choice(ROADS) + house(c),
            lambda c: c.choice(CITIES).replace("市", "", 1) + c.choice(ROADS) + house(c) + home(c),
            lambda c: (
                c.choice(CITIES)
                + c.choice(ROADS)
                + f"{c.randint(1, 99)}弄{c.randint(1, 60)}号{c.randint(101, 999)}室"
            ),
        ),
        "name": (lambda c: c.choice(SURNAMES) + c.choice(GIVEN), lambda c: c.choice(ENGLISH)),
    },
    (
        lambda c: f"运单 SF{digits(c, 13)} 三天没有更新",
        lambda c: f"serial no. {digits(c, 10)} stopped after {c.randint(2, 40)} h",
        lambda c: (
            f"固件 {c.randint(1, 9)}.{c.randint(0, 30)}.{c.randint(0, 99)} 升级失败，错误码0x{digits(c, 6)}"
        ),
        lambda c: f"工单{digits(c, 10)}已关闭，但问题还在",
        lambda c: f"invoice {digits(c, 9)}, {c.randint(100, 9999)} EUR, due 2026/{c.randint(1, 12):02}/15",
        lambda c: f"轴承 6{digits(c, 3)}-2RS，{c.randint(1000, 9999)} 转/分，噪音 {c.randint(50, 99)} dB",
        lambda c: f"第{c.randint(1, 40)}批 {digits(c, 4)}-{digits(c, 4)} 不良率 {c.randint(1, 9)}.5%",
    ),
)
