"""The words of a clipping."""

from shared.events.vocabulary import Audience, Language, Severity

EN, ZH = Language.EN, Language.ZH

TITLE = {EN: "Clipping for {audience}", ZH: "{audience}投诉剪报"}
UNDECIDED = {EN: "Not decided", ZH: "未分类"}
AUDIENCES = {
    EN: {
        Audience.PERSON_CONCERNED: "the person concerned",
        Audience.RESPONSIBLE_DEPARTMENT: "responsible departments",
        Audience.TECHNICAL_SUPPORT: "technical support",
        Audience.COMPLAINT_MANAGEMENT: "complaint management",
        Audience.LEADERSHIP: "leadership",
    },
    ZH: {
        Audience.PERSON_CONCERNED: "当事人",
        Audience.RESPONSIBLE_DEPARTMENT: "责任部门",
        Audience.TECHNICAL_SUPPORT: "技术支持部门",
        Audience.COMPLAINT_MANAGEMENT: "投诉管理部门",
        Audience.LEADERSHIP: "主管领导",
    },
}
SEVERITIES = {
    EN: {Severity.GENERAL: "general", Severity.URGENT: "urgent", Severity.MAJOR: "major"},
    ZH: {Severity.GENERAL: "一般", Severity.URGENT: "紧急", Severity.MAJOR: "重大"},
}
HEADINGS = {
    EN: {
        "notices": "Notices",
        "complaints": "complaints",
        "severity": "By severity",
        "category": "By category",
        "important": "Important",
        "unacknowledged": "Not acknowledged yet",
        "others": "Also",
        "tasks": "Overdue tasks",
        "by": "by",
        "none": "Nothing was told in this period.",
    },
    ZH: {
        "notices": "通知",
        "complaints": "涉及投诉",
        "severity": "按级别",
        "category": "按类别",
        "important": "重要事项",
        "unacknowledged": "尚未确认",
        "others": "其他",
        "tasks": "逾期任务",
        "by": "截止",
        "none": "本期没有内容。",
    },
}
