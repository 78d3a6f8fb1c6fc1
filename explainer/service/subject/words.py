"""The words of the page that shows a person what is held about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language.

    Attributes:
        about: With ``{user}`` and ``{at}``.
        columns: Heads of columns.
    """

    title: str
    about: str
    none: str
    more: str
    yes: str
    no: str
    columns: Mapping[str, str]


TABLES: Mapping[str, Mapping[str, str]] = {
    "behaviours": {"en": "What you did", "zh": "您的行为"},
    "promises": {"en": "Requests that were answered for you once", "zh": "为您处理过一次的请求"},
    "evidence": {"en": "What explanations rest on", "zh": "推荐理由的依据"},
    "revisions": {"en": "Later texts of explanations", "zh": "推荐理由的后续文本"},
    "counterfactuals": {"en": "What would have changed a recommendation", "zh": "哪些改变会影响推荐结果"},
    "jobs": {"en": "What is still to be done for an explanation", "zh": "推荐理由尚待完成的工作"},
    "upgrades": {"en": "Better texts that were awaited", "zh": "等待中的更好文本"},
    "suppressions": {"en": "Explanations that were taken back", "zh": "已撤回的推荐理由"},
    "feedback": {"en": "What you said of explanations", "zh": "您对推荐理由的反馈"},
    "reviews": {"en": "What reviewers found", "zh": "审核结论"},
    "explanations": {"en": "Why things were recommended to you", "zh": "为什么向您推荐"},
    "dead_letters": {"en": "Explanations that could not be written for you", "zh": "未能为您写成的推荐理由"},
    "corpus_lines": {
        "en": "What was taken to teach the writer, without names",
        "zh": "用于训练文本生成的内容（不含姓名）",
    },
    "hidden_aspects": {"en": "Tags that you deleted", "zh": "您删除的标签"},
    "exclusions": {"en": "What you did and do not want to be used", "zh": "您不希望被使用的行为"},
    "user_settings": {"en": "What you have chosen", "zh": "您的选择"},
    "views": {"en": "Who looked at your record", "zh": "谁查看过您的记录"},
    "audit_entries": {"en": "What the audit log has of you", "zh": "审计日志中与您有关的条目"},
}
"""What the tables are called, by language."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "behaviours": ("time", "kind", "item_id", "value"),
    "promises": ("created_at", "caller", "key", "explanations"),
    "evidence": ("explanation_id", "slot", "title", "kind", "value", "time", "share", "reasons"),
    "revisions": ("created_at", "explanation_id", "number", "text", "source"),
    "counterfactuals": ("created_at", "explanation_id", "record"),
    "jobs": ("created_at", "explanation_id", "kind", "state"),
    "upgrades": ("created_at", "explanation_id", "state", "reason"),
    "suppressions": ("created_at", "explanation_id", "reason"),
    "feedback": ("created_at", "explanation_id", "kind", "comment"),
    "reviews": ("created_at", "explanation_id", "cause", "verdict", "note"),
    "explanations": ("created_at", "id", "title", "text", "source", "rank", "score", "method", "locale", "audience"),
    "dead_letters": ("at", "item_id", "stage", "reason"),
    "corpus_lines": ("corpus_id", "explanation_id"),
    "hidden_aspects": ("created_at", "aspect"),
    "exclusions": ("created_at", "behaviour_id"),
    "user_settings": ("changed_at", "personalised"),
    "views": ("at", "role", "what", "ticket", "purpose", "unmasked"),
    "audit_entries": ("at", "seq", "event", "record_id", "digest"),
}
"""What is shown of each table; the JSON lines have every column."""

_NAMES = {
    "time": ("When", "时间"),
    "kind": ("Kind", "类型"),
    "item_id": ("Item", "项目"),
    "value": ("Value", "数值"),
    "created_at": ("When", "时间"),
    "caller": ("Asked by", "请求方"),
    "key": ("Under the name", "请求标识"),
    "explanations": ("Explanations", "推荐理由"),
    "explanation_id": ("Explanation", "推荐理由"),
    "corpus_id": ("Training set", "训练集"),
    "slot": ("Place", "位置"),
    "title": ("Title", "标题"),
    "share": ("Share", "占比"),
    "reasons": ("Reasons", "理由"),
    "number": ("Number", "编号"),
    "text": ("Text", "文本"),
    "source": ("Written by", "文本来源"),
    "record": ("What", "内容"),
    "stage": ("Step", "步骤"),
    "state": ("State", "状态"),
    "reason": ("Why", "原因"),
    "comment": ("In your words", "您的原话"),
    "cause": ("Cause", "起因"),
    "verdict": ("Verdict", "结论"),
    "note": ("Note", "备注"),
    "id": ("Id", "标识"),
    "rank": ("Rank", "排名"),
    "score": ("Score", "得分"),
    "method": ("Method", "方法"),
    "locale": ("Language", "语言"),
    "audience": ("Written for", "读者"),
    "aspect": ("Tag", "标签"),
    "behaviour_id": ("Behaviour", "行为"),
    "changed_at": ("Since", "自何时起"),
    "personalised": ("Personal recommendations", "个性化推荐"),
    "at": ("When", "时间"),
    "role": ("Role", "角色"),
    "what": ("What", "内容"),
    "ticket": ("Ticket", "工单"),
    "purpose": ("What for", "目的"),
    "unmasked": ("Sensitive shown", "显示敏感内容"),
    "seq": ("Entry", "条目"),
    "event": ("Event", "事件"),
    "record_id": ("Record", "记录"),
    "digest": ("Digest", "摘要"),
}
WORDS: Mapping[str, Words] = {
    "en": Words(
        title="What we hold about you",
        about="Everything about {user} that this service holds, as of {at}.",
        none="Nothing.",
        more="The files in the folder “data” beside this page have every column, one record a line, as JSON.",
        yes="yes",
        no="no",
        columns={name: words[0] for name, words in _NAMES.items()},
    ),
    "zh": Words(
        title="我们持有的关于您的数据",
        about="截至 {at}，本服务持有的关于 {user} 的全部数据。",
        none="无。",
        more="本页旁边的 data 文件夹以 JSON 格式保存全部字段，每行一条记录。",
        yes="是",
        no="否",
        columns={name: words[1] for name, words in _NAMES.items()},
    ),
}
"""By locale."""
