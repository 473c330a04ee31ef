"""The measures of what customers lived through, and of what complaints did good. Pure."""

from services.insights.measures.formulas import TO_HANDLE, count, hours_until, mean_hours, per_thousand, share
from services.insights.measures.model import Direction, Measure, Terms, Unit

RECEIVED: Terms = {"received": 1}
ISSUED: Terms = {"notices_issued": 1}

CUSTOMERS = (
    Measure(
        "response_rate_24h",
        {"en": "Answered within a day", "zh": "24小时内首次回复率"},
        "of the complaints received in the range, without those merged into others or withdrawn, the "
        "share in which a person told the customer something within 24 hours: a judgement, an offer, "
        "a message, a call; that somebody took it up is not yet an answer",
        Unit.SHARE,
        "002-17",
        share(TO_HANDLE, "responded_promptly"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "response_time_p50",
        {"en": "First answer, median", "zh": "首次回复时间（中位数）"},
        "time from receipt until a person had answered half of the complaints received in the range; those "
        "without an answer count up to their age, or until they were closed, withdrawn or merged into "
        "others (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-17",
        hours_until(0.5, "response", RECEIVED),
        direction=Direction.LOWER,
    ),
    Measure(
        "response_time_p90",
        {"en": "First answer, nine of ten", "zh": "首次回复时间（90%）"},
        "time from receipt until a person had answered nine tenths of the complaints received in the "
        "range; those without an answer count up to their age, or until they were closed, withdrawn or "
        "merged into others (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-17",
        hours_until(0.9, "response", RECEIVED),
        direction=Direction.LOWER,
    ),
    Measure(
        "first_contact_rate",
        {"en": "Solved at the first contact", "zh": "首次接触解决率"},
        "of the handled complaints received in the range, the share solved by the first handler "
        "without an escalation, a further word from the customer, a declined offer or a second "
        "attempt",
        Unit.SHARE,
        "000-12f",
        share("handled", "solved_at_once"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "needless_escalation_rate",
        {"en": "Passed on although minor", "zh": "一次可解决反而升级率"},
        "of the handled complaints received in the range, the share that was minor and was yet passed "
        "on by a person or escalated",
        Unit.SHARE,
        "000-12f",
        share("handled", "passed_on"),
        direction=Direction.LOWER,
    ),
    Measure(
        "overdue_rate",
        {"en": "Overdue", "zh": "逾期未结率"},
        "of the complaints received in the range that still have no result, the share that has missed "
        "a promise or the time for its solution",
        Unit.SHARE,
        "001-31",
        share({**TO_HANDLE, "handled": -1}, "overdue"),
        direction=Direction.LOWER,
    ),
    Measure(
        "reopened_rate",
        {"en": "Taken up again", "zh": "重新处理率"},
        "of the complaints closed for the first time in the range, the share that was taken up again since",
        Unit.SHARE,
        "002-17",
        share("first_closed", "reopened"),
        direction=Direction.LOWER,
    ),
    Measure(
        "notices_known_rate",
        {"en": "Notices acknowledged", "zh": "须知确认率"},
        "of the notices about the complaints received in the range that somebody must acknowledge, the "
        "share that somebody of its audience acknowledged",
        Unit.SHARE,
        "002-10",
        share("notices", "notices_known"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "notice_time_mean",
        {"en": "Acknowledgement, mean time", "zh": "须知确认平均时间"},
        "mean time from the issue of a notice to its acknowledgement, over the acknowledged notices "
        "about the complaints received in the range",
        Unit.HOURS,
        "002-10",
        mean_hours("notice_seconds", "notices_timed"),
        direction=Direction.LOWER,
        beside=("notices_known_rate",),
    ),
    Measure(
        "notice_time_p50",
        {"en": "Acknowledgement, median time", "zh": "须知确认时间（中位数）"},
        "time from issue until half of the notices issued in the range were acknowledged, of those that "
        "somebody must acknowledge; the others count up to their age (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-10",
        hours_until(0.5, "acknowledgement", ISSUED),
        direction=Direction.LOWER,
    ),
    Measure(
        "notice_time_p90",
        {"en": "Acknowledgement time, nine of ten", "zh": "须知确认时间（90%）"},
        "time from issue until nine tenths of the notices issued in the range were acknowledged, of those "
        "that somebody must acknowledge; the others count up to their age (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-10",
        hours_until(0.9, "acknowledgement", ISSUED),
        direction=Direction.LOWER,
    ),
    Measure(
        "emotion_conversion_rate",
        {"en": "Upset turned positive", "zh": "情绪转化率"},
        "of the complaints received in the range whose first noted emotion was negative and of which "
        "a later one was noted, the share whose last one is positive",
        Unit.SHARE,
        "004-02",
        share("upset", "cheered"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "staff_rating",
        {"en": "Treated well, by survey", "zh": "问卷：对接待人员满意率"},
        "of the surveys answered in the range that rate the people, the share with 4 or 5 of 5",
        Unit.SHARE,
        "002-17",
        share("rated", "rated_well"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "process_rating",
        {"en": "Process fine, by survey", "zh": "问卷：对处理流程满意率"},
        "of the surveys answered in the range that rate the process, the share with 4 or 5 of 5",
        Unit.SHARE,
        "002-17",
        share("process_rated", "process_rated_well"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "effort_rating",
        {"en": "It was easy, by survey", "zh": "问卷：省心省力率"},
        "of the surveys answered in the range that say whether it was easy, the share with 4 or 5 of 5",
        Unit.SHARE,
        "002-17",
        share("effort_told", "effort_low"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "net_promoter_score",
        {"en": "Net promoter score", "zh": "净推荐值"},
        "100 x (those who would recommend with 9 or 10, less those with 0 to 6) / all who said it, "
        "over the surveys answered in the range",
        Unit.POINTS,
        "000-21",
        share("recommend_told", "promoters", minus="detractors", scale=100),
        direction=Direction.HIGHER,
    ),
    Measure(
        "repurchase_rate",
        {"en": "Would buy again, by survey", "zh": "问卷：再次购买意愿率"},
        "of the surveys answered in the range that say whether the customer would buy again, the "
        "share that would",
        Unit.SHARE,
        "000-16",
        share("repurchase_told", "repurchase_meant"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "grave_share",
        {"en": "Urgent or major", "zh": "紧急及重大占比"},
        "of the complaints received in the range, the share that is urgent or major. When the number "
        "of complaints falls and this rises, customers have stopped telling the minor things: they "
        "have gone silent",
        Unit.SHARE,
        "004-11",
        share("received", "grave"),
    ),
    Measure(
        "complaint_rate",
        {"en": "Complaints per thousand", "zh": "每千件投诉率"},
        "complaints received in the range per thousand of what is sold or served in it, by the "
        "rulebook; a low one is never good by itself",
        Unit.PER_THOUSAND,
        "004-11",
        per_thousand("received"),
        direction=Direction.LOWER,
        beside=("grave_share", "repurchase_rate"),
    ),
    Measure(
        "devoted",
        {"en": "Became extremely loyal", "zh": "转为极度忠实"},
        "complaints closed in the range whose customer was satisfied, trusts the company again, and "
        "would buy again or recommends it: stay in touch with them",
        Unit.COMPLAINTS,
        "004-14",
        count("devoted"),
    ),
    Measure(
        "shown_defect",
        {"en": "Showed a fault", "zh": "指出产品或服务缺陷"},
        "complaints closed in the range that were found to be right",
        Unit.COMPLAINTS,
        "000-11",
        count("shown_defect"),
    ),
    Measure(
        "second_chance",
        {"en": "Gave a second chance", "zh": "给予再次服务的机会"},
        "complaints and criticisms closed in the range that ended satisfied or acceptable",
        Unit.COMPLAINTS,
        "000-11",
        count("second_chance"),
    ),
    Measure(
        "loyal_customer",
        {"en": "Kept a customer", "zh": "成为长期客户"},
        "complaints closed in the range whose customer trusts the company again or would buy again",
        Unit.COMPLAINTS,
        "000-11",
        count("loyal_customer"),
    ),
    Measure(
        "product_improved",
        {"en": "Improved a product", "zh": "促进产品或服务改善"},
        "complaints closed in the range whose cause is being removed by an improvement, or was corrected",
        Unit.COMPLAINTS,
        "000-11",
        count("product_improved"),
    ),
    Measure(
        "skill_raised",
        {"en": "Raised skill", "zh": "提升员工能力"},
        "complaints closed in the range with which a reviewer went through how they were worked",
        Unit.COMPLAINTS,
        "000-11",
        count("skill_raised"),
    ),
)
