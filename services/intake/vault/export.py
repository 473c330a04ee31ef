"""The export of a person: one archive with everything that is kept of them, to be read by people and programs."""

import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic_core import to_jsonable_python
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.attachments.delivery import HARMLESS, disposition
from services.intake.attachments.model import path_of
from services.intake.attachments.storage import Storage
from services.intake.attachments.store import listed
from services.intake.coding.store import load as load_codings
from services.intake.dialogue.model import MOST_MESSAGES
from services.intake.dialogue.store import messages_behind
from services.intake.merging.store import history
from services.intake.open311.store import place_of
from services.intake.purchases.store import purchases_of
from services.intake.reach.store import REACHED_BY
from services.intake.record.model import Record
from services.intake.record.store import load
from services.intake.store import customers, progress, view_of, views
from services.intake.vault.rows import open_row, vault_of
from shared.database import Database

README = """\
Everything that is kept of you
==============================
complaints/   one file for each complaint: what you told, what was added later, how it was handled
files/        the files that came with them
contact.json  how you are reached, if that was told apart from your complaints
The .json files can be read with any text editor. Empty fields were not told. A file that is listed as "not handed
out" is infected, or was not scanned yet.

我们保存的关于您的全部信息
==========================
complaints/   每件投诉一个文件：您所讲述的内容、后来的补充、处理经过
files/        随投诉提交的文件
contact.json  单独登记的您的联系方式（如有）
.json 文件可用任何文本编辑器打开。空白字段表示未曾告知。标注 "not handed out" 的文件含有病毒或尚未完成安全检查。
"""
CHUNK = 256 * 1024


async def archive(
    database: Database,
    storage: Storage,
    complaint_ids: Sequence[UUID],
    name: str,
    contact: Mapping[str, Any] | None = None,
) -> Response:
    """A ZIP of these complaints, and of how the person is reached if the enterprise told that apart from them. It is
    made on disk first, so that whatever fails is an error and no half archive."""
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it, when it has been sent
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("README.txt", README)
            if contact is not None:
                shown = {name: contact[name] for name in (*REACHED_BY, "language", "told_at")}
                made.writestr("contact.json", _json(shown))
            for complaint_id in complaint_ids:
                async with database.reading() as connection:
                    told, files = await _told(connection, complaint_id)
                made.writestr(f"complaints/{told['reference']}.json", _json(told))
                for member, path in files:
                    await _add(made, member, storage, path)
    except BaseException:
        file.close()
        raise
    headers = HARMLESS | {
        "Content-Disposition": disposition(f"{name}.zip"),
        "Content-Length": str(file.tell()),
    }
    return StreamingResponse(_chunks(file), 200, headers, "application/zip")


async def _told(
    connection: AsyncConnection, complaint_id: UUID
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What is kept of a complaint, and its files: name in the archive, path in the storage."""
    record = (await load(connection, [complaint_id]))[complaint_id]
    reference = record.row["reference"]
    row = (await connection.execute(select(views).where(views.c.complaint_id == complaint_id))).mappings()
    happened = select(progress.c.at, progress.c.step, progress.c.data).where(
        progress.c.complaint_id == complaint_id
    )
    steps = await connection.execute(happened.order_by(progress.c.at, progress.c.id))
    person = select(customers).where(customers.c.id == record.row["customer_id"])
    customer = open_row(
        vault_of(connection), "customers", (await connection.execute(person)).mappings().one()
    )
    found = await listed(connection, complaint_id, visible_only=False)
    codings = (await load_codings(connection, [complaint_id]))[complaint_id]
    written = await messages_behind(connection, complaint_id, 0, MOST_MESSAGES)
    files = {a.id: f"files/{reference}/{number}-{a.name}" for number, a in enumerate(found, 1) if a.served}
    shown = row.one_or_none()
    view = view_of(dict(shown) if shown else None, complaint_id)
    bought = await purchases_of(connection, complaint_id)
    told = {
        **_record(record),
        "customer_number": customer["external_id"],
        "place": await place_of(connection, complaint_id),
        "status": view.status,
        "offers": view.offers,
        "explanation": view.explanation,
        "result": view.result,
        "outcome": view.outcome,
        "messages": [
            {"at": m.written_at, "from_you": m.from_customer, "signed": m.signed, "text": m.for_customer}
            for m in written
        ],
        "purchases": [
            {"at": each.purchased_at, "amount": each.amount, "product": each.product} for each in bought
        ],
        "codings": [
            {
                "at": coding.coded_at,
                "codes": [code.model_dump(exclude_none=True) for code in coding.codes],
                "values": coding.value_labels,
                "reason": coding.reason,
                "evidence": coding.evidence,
                "approved": coding.number not in codings.reviews or codings.reviews[coding.number].approved,
            }
            for coding in codings.all
        ],
        "mergings": [
            {"at": merge.merged_at, "until": merge.separated_at, "reason": merge.reason}
            for merge in await history(connection, complaint_id)
        ],
        "steps": [dict(step) for step in steps.mappings()],
        "files": [
            {
                "name": a.name,
                "added_at": a.added_at,
                "size": a.size,
                "file": files.get(a.id, "not handed out"),
            }
            for a in found
        ],
    }
    return told, [(files[a.id], path_of(a.id)) for a in found if a.id in files]


def _record(record: Record) -> dict[str, Any]:
    row = record.row
    return {
        "reference": row["reference"],
        "registered_at": row["registered_at"],
        "channel": row["channel"],
        "told": record.told,
        "additions": [
            {
                "at": a.contact_at,
                "channel": a.channel,
                "said": a.said,
                "restatement": a.restatement,
                "told": a.told,
                "contact": a.contact,
                "answer": record.answers[a.id].correction if a.id in record.answers else None,
                "confirmed": record.answers[a.id].confirmed if a.id in record.answers else None,
            }
            for a in record.additions
        ],
    }


def _json(told: dict[str, Any]) -> str:
    return json.dumps(to_jsonable_python(told), ensure_ascii=False, indent=2)


async def _add(made: zipfile.ZipFile, member: str, storage: Storage, path: str) -> None:
    with made.open(
        zipfile.ZipInfo(member), "w", force_zip64=True
    ) as file:  # stored: most files are compressed
        async for chunk in await storage.get(path):
            file.write(chunk)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk
