"""What handlers and customers say, in the language of the complaint."""

from typing import Any

Words = dict[str, str]

REMEDIES: dict[str, Words] = {
    "refund": {
        "en": "We refund the whole amount within five working days.",
        "zh": "五个工作日内全额退款。",
    },
    "exchange": {
        "en": "We exchange it for a new one and pay the carriage both ways.",
        "zh": "为您换新，往返运费由我们承担。",
    },
    "repair": {
        "en": "A technician comes within two days and puts it right free of charge.",
        "zh": "两天内派技术员上门，免费修好。",
    },
    "return": {
        "en": "We collect the goods and pay back what you paid.",
        "zh": "可以退货，我们上门取件并退还货款。",
    },
    "discount": {"en": "You keep it and pay a tenth less.", "zh": "商品您留着用，价款减一成。"},
    "compensation": {
        "en": "You get back what the matter cost you.",
        "zh": "赔偿您因此受到的损失。",
    },
    "apology": {
        "en": "The head of the department apologises to you in person.",
        "zh": "部门负责人当面向您道歉。",
    },
    "explanation": {
        "en": "We explain in writing what went wrong, and why.",
        "zh": "书面说明问题的经过和原因。",
    },
    "speed_up": {
        "en": "Your matter goes first and is settled within two working days.",
        "zh": "优先处理，两个工作日内办结。",
    },
    "staff_action": {
        "en": "The colleague is trained, and from now on another colleague looks after you.",
        "zh": "对当事员工进行培训，今后由其他同事为您服务。",
    },
    "prevention": {
        "en": "We change the procedure, so that nobody goes through this again.",
        "zh": "改进流程，不让同样的事再发生。",
    },
}
FOR_GOODS = ("exchange", "repair", "refund", "discount", "compensation", "speed_up", "return", "explanation")
FOR_SERVICE = (
    "compensation",
    "speed_up",
    "explanation",
    "apology",
    "refund",
    "staff_action",
    "prevention",
    "discount",
)

VALID: Words = {
    "en": "You are right: we made a mistake, and it is ours to put right.",
    "zh": "您反映的情况属实，是我们的过失，应由我们负责解决。",
}
NOT_VALID: Words = {
    "en": "We looked into it carefully: what was agreed has been kept. Here is how it came about, step by step.",
    "zh": "我们认真核实过，约定的事项均已履行，因此只能向您作出说明。",
}
SEEN_AGAIN: Words = {
    "en": "We have looked at it again with your eyes, and would like to do more than explain.",
    "zh": "我们站在您的角度重新核实，愿意给出解决方案，而不只是说明。",
}
INTERIM: Words = {
    "en": "We have found the people who know about it; you hear from us again tomorrow at noon.",
    "zh": "已找到经办人员核实情况，明天中午前再向您答复。",
}
ANSWER: Words = {
    "en": "Thank you for telling us. It was put right today, and the people concerned know of it.",
    "zh": "感谢您告诉我们，问题今天已解决，相关人员也已知悉。",
}
DONE: Words = {"en": "It is done. {}", "zh": "已经办妥：{}"}
BEYOND_LIMITS: Words = {
    "en": "The customer asks for it, and less would not make up for what happened.",
    "zh": "这是顾客的要求，低于此标准不足以弥补其损失。",
}
GRANTED: Words = {"en": "Agreed, this once.", "zh": "同意，仅此一次。"}
DESK: Words = {"en": "Read by the triage desk.", "zh": "分类台人工判断。"}

DECLINES: Words = {
    "en": "None of this makes up for the trouble. Please think again.",
    "zh": "这几个方案都弥补不了我的损失，请重新考虑。",
}
COMMENTS: dict[str, Words] = {
    "satisfied": {"en": "Thank you, that was quick and fair.", "zh": "处理得又快又公道，谢谢。"},
    "acceptable": {"en": "All right, I can live with it.", "zh": "还行，可以接受。"},
    "not_acceptable": {"en": "That is not what we agreed on.", "zh": "这不是我们说好的。"},
}
ON_THE_PHONE: Words = {"en": "Said so on the telephone.", "zh": "顾客在电话中表示。"}


def offers(body: dict[str, Any], count: int, before: list[str]) -> list[dict[str, Any]]:
    """Ranked solutions: what the customer asked for first, then what is usual; nothing twice, if possible.

    `before` names the remedies of the rounds before, and is added to.
    """
    usual = FOR_GOODS if body.get("about") == "goods" else FOR_SERVICE
    possible = list(dict.fromkeys([*body.get("desired_remedies", ()), *usual]))
    ranked = sorted(possible, key=lambda remedy: remedy in before)[:count]
    before += ranked
    language = body["language"]
    proposed: list[dict[str, Any]] = []
    for remedy in ranked:
        also = "apology" if remedy != "apology" else "explanation"
        offer = {"remedies": [remedy, also], "description": REMEDIES[remedy][language]}
        if remedy in {"refund", "compensation"} and "desired_amount" in body:
            offer["value"] = body["desired_amount"]
        proposed.append(offer)
    return proposed
