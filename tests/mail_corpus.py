"""Mails as they arrive: of the usual programs in Chinese and English, in the charsets that they use, and what is to be
read in each. People and companies are invented."""

import base64
import quopri
from dataclasses import dataclass, replace

OUR = "complaints@redress.example"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Sample:
    raw: bytes
    own: str | None = None
    """What its sender wrote in it, without quotes and signature."""
    outcome: str | None = None
    """For what no person wrote."""
    sender: str = "ann@shop.example"
    name: str = "Ann Example"
    subject: str = "Motor stands still"
    language: str = "en"
    files: tuple[str | None, ...] = ()
    shortened: bool = False
    status: str | None = None


def mail(
    body: bytes | str,
    *extra: str,
    sender: str | bytes = "Ann Example <ann@shop.example>",
    subject: str | bytes = "Motor stands still",
    kind: str = "text/plain; charset=utf-8",
    encoding: str = "8bit",
    message_id: str = "<m1@shop.example>",
) -> bytes:
    """A raw mail with CRLF, of which every part can be bent."""
    whom = sender if isinstance(sender, bytes) else sender.encode()
    about = subject if isinstance(subject, bytes) else subject.encode()
    content = body if isinstance(body, bytes) else body.encode()
    head = [
        b"Received: from mx.shop.example by mx.redress.example; Fri, 20 Nov 2026 10:20:12 +0800",
        b"From: " + whom,
        b"To: " + OUR.encode(),
        b"Subject: " + about,
        b"Date: Fri, 20 Nov 2026 10:20:11 +0800",
        *([b"Message-ID: " + message_id.encode()] if message_id else []),
        b"MIME-Version: 1.0",
        b"Content-Type: " + kind.encode(),
        b"Content-Transfer-Encoding: " + encoding.encode(),
        *(line.encode() for line in extra),
    ]
    lines = content.replace(b"\r\n", b"\n").split(b"\n") if b"\0" not in content else [content]
    return b"\r\n".join([*head, b"", *lines])


def word(text: str, charset: str) -> str:
    """An encoded word (RFC 2047)."""
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def parts(boundary: str, *each: bytes) -> bytes:
    opening = f"--{boundary}\n".encode()
    return b"".join(opening + part + b"\n" for part in each) + f"--{boundary}--\n".encode()


def part(kind: str, body: bytes, *extra: str) -> bytes:
    head = "\n".join([f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *extra])
    return head.encode() + b"\n\n" + base64.encodebytes(body)


STOPPED = "The motor shows alarm R4 after ten minutes.\nOur line stands still."
ANSWERED_QQ = '\n\n------------------ 原始邮件 ------------------\n发件人: "Redress";\n我们已收到。'
ANSWERED_163 = '\n\n在 2026-11-20 10:20:11，"Redress" <complaints@redress.example> 写道：\n我们已收到。'
停线 = "伺服电机运行十分钟后报警R4，产线已停。"
HTML = (
    "<html><head><style>p{color:red}</style><title>x</title></head><body><div style='display:none'>preheader</div>"
    "<p>The motor shows <b>alarm&nbsp;R4</b><br>after ten minutes.</p><script>alert(1)</script>"
    "<blockquote type='cite'><p>We are working on it.</p></blockquote></body></html>"
)

CORPUS: dict[str, Sample] = {
    "plain English": Sample(mail(STOPPED), STOPPED),
    "signature after dashes": Sample(
        mail(f"{STOPPED}\n\n-- \nAnn Example\nShop Ltd, +44 20 7946 0018"), STOPPED, shortened=True
    ),
    "regards and a phone's line": Sample(
        mail(f"{STOPPED}\n\nBest regards,\nAnn\n\nSent from my iPhone"), STOPPED, shortened=True
    ),
    "Gmail reply": Sample(
        mail(
            "It is five of every hundred.\n\nOn Fri, Nov 20, 2026 at 10:20 AM Redress <complaints@redress.example>\n"
            "wrote:\n\n> Thank you for telling us.\n>\n> Your reference is RD-7K3M9QXT-B.\n",
            subject="Re: Thank you for telling us",
        ),
        "It is five of every hundred.",
        subject="Re: Thank you for telling us",
        shortened=True,
    ),
    "answers between the lines": Sample(
        mail(
            "On 20 Nov 2026, at 10:20, Redress wrote:\n> How many?\nTwelve.\n> Since when?\nSince Monday.\n"
        ),
        "Twelve.\nSince Monday.",
        shortened=True,
    ),
    "Outlook reply": Sample(
        mail(
            "Still no answer.\n\n________________________________\nFrom: Redress <complaints@redress.example>\n"
            "Sent: Friday, 20 November 2026 10:20\nTo: Ann Example\nSubject: Thank you\n\nThank you for telling us.\n"
        ),
        "Still no answer.",
        shortened=True,
    ),
    "Outlook in Chinese": Sample(
        mail(
            f"{停线}\n\n发件人: Redress <complaints@redress.example>\n发送时间: 2026年11月20日 10:20\n"
            "收件人: 王小明\n主题: 感谢您告诉我们\n\n我们已收到。\n",
            sender=f"{word('王小明', 'utf-8')} <wang@gongchang.example>",
            subject=word("答复: 电机停机", "utf-8"),
        ),
        停线,
        sender="wang@gongchang.example",
        name="王小明",
        subject="答复: 电机停机",
        language="zh",
        shortened=True,
    ),
    "QQ Mail, GB18030": Sample(
        mail(
            base64.encodebytes((停线 + ANSWERED_QQ).encode("gb18030")),
            sender=f'"{word("王小明", "gb18030")}" <10001@qq.example>',
            subject=word("电机停机", "gb18030"),
            kind='text/plain; charset="gb18030"',
            encoding="base64",
        ),
        停线,
        sender="10001@qq.example",
        name="王小明",
        subject="电机停机",
        language="zh",
        shortened=True,
    ),
    "163, GBK named GB2312": Sample(
        mail(
            quopri.encodestring(("镕基路的电机坏了，朱先生很着急。" + ANSWERED_163).encode("gbk")),
            sender=f"{word('陈镕', 'gbk').replace('gbk', 'gb2312')} <chen@163.example>",
            subject=word("电机坏了", "gb2312"),
            kind="text/plain; charset=gb2312",
            encoding="quoted-printable",
        ),
        "镕基路的电机坏了，朱先生很着急。",
        sender="chen@163.example",
        name="陈镕",
        subject="电机坏了",
        language="zh",
        shortened=True,
    ),
    "raw GBK without any encoding": Sample(
        mail(
            停线.encode("gbk"),
            subject="电机停机".encode("gbk"),
            sender="王小明 <wang@gongchang.example>".encode("gbk"),
            kind="text/plain",
        ),
        停线,
        sender="wang@gongchang.example",
        name="王小明",
        subject="电机停机",
        language="zh",
    ),
    "Big5 from Taiwan": Sample(
        mail(
            "馬達運轉十分鐘後發出警報，產線已停。\n\n從我的 iPhone 傳送".encode("big5"),
            sender=f"{word('陳大文', 'big5')} <chen@tw.example>",
            subject=word("馬達故障", "big5"),
            kind="text/plain; charset=big5",
        ),
        "馬達運轉十分鐘後發出警報，產線已停。",
        sender="chen@tw.example",
        name="陳大文",
        subject="馬達故障",
        language="zh",
    ),
    "closing formula in Chinese": Sample(
        mail(
            f"尊敬的客服：\n{停线}\n谢谢，请尽快处理。\n\n此致\n敬礼\n王小明\n13800138000\n\n发自我的华为手机"
        ),
        f"尊敬的客服：\n{停线}\n谢谢，请尽快处理。",
        language="zh",
        shortened=True,
    ),
    "HTML only": Sample(
        mail(HTML, kind="text/html; charset=utf-8"),
        "The motor shows alarm R4\nafter ten minutes.",
        shortened=True,
    ),
    "HTML and plain text": Sample(
        mail(
            parts("b", part("text/plain; charset=utf-8", STOPPED.encode()), part("text/html", HTML.encode())),
            kind='multipart/alternative; boundary="b"',
        ),
        STOPPED,
    ),
    "plain text is blank": Sample(
        mail(
            parts("b", part("text/plain", b" \n"), part("text/html", b"<p>The seal leaks.</p>")),
            kind='multipart/alternative; boundary="b"',
        ),
        "The seal leaks.",
    ),
    "photos, inline and attached": Sample(
        mail(
            parts(
                "mixed",
                b'Content-Type: multipart/related; boundary="rel"\n\n'
                + parts(
                    "rel",
                    part("text/html", b"<p>See the crack: <img src='cid:1'></p>"),
                    part("image/png", PNG, "Content-ID: <1>", "Content-Disposition: inline"),
                ),
                part(
                    "image/png",
                    PNG,
                    "Content-Disposition: attachment;",
                    " filename*=UTF-8''%E7%94%B5%E6%9C%BA.png",
                ),
            ),
            kind='multipart/mixed; boundary="mixed"',
        ),
        "See the crack:",
        files=(None, "电机.png"),
    ),
    "attachment named in GBK by an encoded word": Sample(
        mail(
            parts(
                "b",
                part("text/plain; charset=gbk", "照片见附件。".encode("gbk")),
                part(
                    "image/png", PNG, f'Content-Disposition: attachment; filename="{word("电机.png", "gbk")}"'
                ),
            ),
            kind='multipart/mixed; boundary="b"',
        ),
        "照片见附件。",
        files=("电机.png",),
        language="zh",
    ),
    "a mail inside of a mail": Sample(
        mail(
            parts(
                "b",
                part("text/plain", b"See what your shop wrote."),
                b"Content-Type: message/rfc822\n\nFrom: shop@redress.example\nSubject: No\nMessage-ID: <in@x.example>\n"
                b"Auto-Submitted: auto-replied\n\nWe refuse.",
            ),
            kind='multipart/mixed; boundary="b"',
        ),
        "See what your shop wrote.",
        files=("forwarded.eml",),
    ),
    "nothing but a forward": Sample(
        mail(
            "---------- Forwarded message ---------\nFrom: Shop <shop@redress.example>\nDate: 20 Nov 2026\n"
            "Subject: No\n\nWe refuse to repair it.",
            subject="Fwd: No",
        ),
        "---------- Forwarded message ---------\nFrom: Shop <shop@redress.example>\nDate: 20 Nov 2026\n"
        "Subject: No\n\nWe refuse to repair it.",
        subject="Fwd: No",
    ),
    "shared mailbox of a group": Sample(
        mail(STOPPED, "Precedence: list", "List-ID: <complaints.redress.example>"), STOPPED
    ),
    "form on a web site": Sample(
        mail(STOPPED, "Reply-To: Bo Bauer <bo@kunde.example>", sender="Web site <no-reply@shop.example>"),
        STOPPED,
        sender="bo@kunde.example",
        name="Bo Bauer",
    ),
    "headers inside of encoded words": Sample(
        mail(
            STOPPED,
            sender="=?utf-8?Q?Ann=0D=0ABcc=3A_all=40shop.example?= <ann@shop.example>",
            subject="=?utf-8?Q?Motor=0D=0ABcc=3A_all=40shop.example?=",
        ),
        STOPPED,
        name="Ann Bcc: all@shop.example",
        subject="Motor Bcc: all@shop.example",
    ),
    "charset that does not exist": Sample(
        mail(停线, kind="text/plain; charset=x-unknown-8"), 停线, language="zh"
    ),
    "out of office": Sample(mail("I am away.", "Auto-Submitted: auto-replied"), outcome="auto_reply"),
    "vacation of Exchange": Sample(
        mail("I am away.", "X-Auto-Response-Suppress: All", subject="Automatic reply: Thank you"),
        outcome="auto_reply",
    ),
    "automatic answer of QQ Mail": Sample(
        mail("您好，我已收到您的邮件。", subject=word("自动回复:感谢您告诉我们", "utf-8")),
        outcome="auto_reply",
    ),
    "bulk mail": Sample(mail("Buy now.", "Precedence: bulk"), outcome="auto_reply"),
    "null return path": Sample(mail("Read.", "Return-Path: <>"), outcome="auto_reply"),
    "bounce": Sample(
        mail(
            parts(
                "b",
                b"Content-Type: text/plain\n\nThe mail could not be delivered.",
                b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.shop.example\n\n"
                b"Final-Recipient: rfc822; ann@shop.example\nAction: failed\nStatus: 5.1.1\n",
                b"Content-Type: message/rfc822\n\nFrom: complaints@redress.example\n"
                b"Message-ID: <ours@redress.example>\nSubject: Thank you\n\nThank you.",
            ),
            sender="Mail Delivery System <mailer-daemon@shop.example>",
            subject="Undelivered Mail Returned to Sender",
            kind='multipart/report; report-type=delivery-status; boundary="b"',
        ),
        outcome="bounce",
        status="5.1.1",
    ),
    "bounce of Chinese providers": Sample(
        mail(
            "无法投递。", "Return-Path: <>", sender="postmaster@163.example", subject=word("系统退信", "gbk")
        ),
        outcome="bounce",
    ),
    "our own letter come back": Sample(mail("Thank you.", sender=OUR), outcome="loop"),
    "our own letter, readdressed": Sample(
        mail("Thank you.", "X-Redress-Reference: RD-7K3M9QXT-B"), outcome="loop"
    ),
    "a mail that goes round": Sample(
        mail("Hello.", *[f"Received: from a{n} by b; Fri, 20 Nov 2026 10:20:12 +0800" for n in range(70)]),
        outcome="loop",
    ),
}
CORPUS = {  # each with an id of its own: they may all come to one house
    name: replace(sample, raw=sample.raw.replace(b"<m1@", b"<sample-%d@" % number))
    for number, (name, sample) in enumerate(CORPUS.items())
}
