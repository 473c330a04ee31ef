"""The measures of how complaints are handled. Pure."""

from services.insights.measures.formulas import (
    TO_HANDLE,
    count,
    hours_until,
    mean_hours,
    share,
    still_open,
)
from services.insights.measures.model import Direction, Measure, Unit

HANDLING = (
    Measure(
        "received",
        {"en": "Complaints received", "zh": "投诉受理数"},
        "complaints received in the range",
        Unit.COMPLAINTS,
        "002-10",
        count("received"),
    ),
    Measure(
        "merged",
        {"en": "Merged into others", "zh": "并入其他投诉数"},
        "of the complaints received in the range, those that go on under another one about the same matter; "
        "what becomes of it is counted there",
        Unit.COMPLAINTS,
        "P-08",
        count("merged"),
    ),
    Measure(
        "withdrawn",
        {"en": "Withdrawn by the customer", "zh": "客户撤回数"},
        "of the complaints received in the range, those that the customer withdrew before they were closed",
        Unit.COMPLAINTS,
        "P-38",
        count("withdrawn"),
    ),
    Measure(
        "matters",
        {"en": "Complaints and criticisms", "zh": "投诉与批评数"},
        "complaints and criticisms received in the range, without those merged into others or withdrawn: "
        "whose causes are compared",
        Unit.COMPLAINTS,
        "002-10",
        count("matters"),
    ),
    Measure(
        "handling_rate",
        {"en": "Handling rate", "zh": "处理率"},
        "of the complaints received in the range, without those merged into others or withdrawn, the share whose "
        "solution was carried out (or that closed without needing one)",
        Unit.SHARE,
        "002-17",
        share(TO_HANDLE, "handled"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "handling_time_p50",
        {"en": "Handling time, median", "zh": "处理时间（中位数）"},
        "time from receipt until half of the complaints received in the range were handled; open ones count "
        "up to their age (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-17",
        hours_until(0.5, "handling", TO_HANDLE),
        direction=Direction.LOWER,
    ),
    Measure(
        "handling_time_p90",
        {"en": "Handling time, nine of ten", "zh": "处理时间（90%）"},
        "time from receipt until nine tenths of the complaints received in the range were handled; open ones "
        "count up to their age (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-17",
        hours_until(0.9, "handling", TO_HANDLE),
        direction=Direction.LOWER,
    ),
    Measure(
        "handling_time_mean",
        {"en": "Handling time, mean of the handled", "zh": "已处理投诉的平均处理时间"},
        "mean time from receipt to the result over the handled complaints received in the range; open ones "
        "are left out, so that it looks too quick while a backlog grows",
        Unit.HOURS,
        "002-17",
        mean_hours("handling_seconds", "handled"),
    ),
    Measure(
        "closed",
        {"en": "Complaints closed", "zh": "投诉结案数"},
        "complaints closed in the range and not resumed since",
        Unit.COMPLAINTS,
        "002-10",
        count("closed"),
    ),
    Measure(
        "satisfaction_rate",
        {"en": "Satisfaction rate", "zh": "满意率"},
        "of the complaints closed in the range, the share whose customer was satisfied",
        Unit.SHARE,
        "002-17",
        share("closed", "satisfied"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "acceptable_rate",
        {"en": "Satisfied, or at least acceptable", "zh": "满意或至少可接受率"},
        "of the complaints closed in the range, the share whose customer was satisfied or found the result "
        "acceptable",
        Unit.SHARE,
        "001-33",
        share("closed", "satisfied", "acceptable"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "trust_restored_rate",
        {"en": "Trust restored", "zh": "恢复信赖率"},
        "of the complaints closed in the range whose customer said whether they trust the company again, the share "
        "who do",
        Unit.SHARE,
        "000-01",
        share("trust_told", "trust_restored"),
    ),
    Measure(
        "promise_kept_rate",
        {"en": "Promises kept", "zh": "承诺兑现率"},
        "of the promised replies decided in the range, the share that went out in time",
        Unit.SHARE,
        "001-31",
        share({"promises_kept": 1, "promises_broken": 1}, "promises_kept"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "conversion_rate",
        {"en": "Dissatisfied turned satisfied", "zh": "不满意转化为满意率"},
        "of the complaints and criticisms received in the range, the share that has ended satisfied so far",
        Unit.SHARE,
        "003-15",
        share("dissatisfied", "converted"),
        direction=Direction.HIGHER,
    ),
    Measure(
        "automatic_triage_rate",
        {"en": "Triaged automatically", "zh": "自动分类率"},
        "of the complaints triaged in the range, the share whose last decision the rules took",
        Unit.SHARE,
        "002-10",
        share("triaged", "triaged_automatically"),
    ),
    Measure(
        "open_now",
        {"en": "Open complaints", "zh": "未结案投诉数"},
        "complaints received but neither merged into others, withdrawn nor closed up to the end of the range (now, "
        "if it ends today), whenever they were received",
        Unit.COMPLAINTS,
        "002-10",
        still_open(),
    ),
)
