"""What intake tells."""

from collections.abc import Iterator
from decimal import Decimal

from dev.samples.story import AGAIN, COMPLAINT, CUSTOMER, FIRST_OFFER, MONDAY, after, cny, id_of
from shared.events import (
    AttachmentAdded,
    AttachmentScanned,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    CustomerErased,
    CustomerWrote,
    Event,
    HandlerWrote,
    OfferChosen,
    OffersDeclined,
    OpinionGiven,
    PersonalDataRead,
    PurchaseRecorded,
    ReporterJoined,
    ReporterLeft,
    RestatementAnswered,
)
from shared.events.intake import ClaimedLoss, ExpectationGap, MaskedStatement, ProductRef, Sale, TaxonomyCode
from shared.events.vocabulary import (
    About,
    Against,
    Aspect,
    Because,
    Channel,
    Compensation,
    ComplainantType,
    Emotion,
    Form,
    GapSource,
    Kind,
    Language,
    Loss,
    Medium,
    Money,
    Outcome,
    Remedy,
    SaleMode,
    SaleStep,
    Scan,
    Visibility,
)


def events() -> Iterator[Event]:
    yield ComplaintRegistered(
        complaint_id=COMPLAINT,
        reference="RD-7K3M9QXT-B",
        registered_at=MONDAY,
        kind=Kind.COMPLAINT,
        medium=Medium.ONLINE,
        channel=Channel.WEB_FORM,
        language=Language.ZH,
        about=About.GOODS,
        form=Form.WRITTEN,
        against=Against.ORGANISATION,
        visibility=Visibility.PRIVATE,
        complainant_type=ComplainantType.EXTERNAL,
        customer_id=CUSTOMER,
        statement=MaskedStatement(
            what_went_wrong="伺服电机运行十分钟后报警R4，产线已停。请致电[phone]。",
            feeling="今年第三次了，我们感到没有人管。",
            wanted="本周内换货，并说明原因。",
        ),
        product=ProductRef(id="M-7", name="Servo motor", model="M7-400", batch="2026-41"),
        order_id="SO-2026-118",
        contract_id="HT-2026-07",
        expectation=ExpectationGap(
            aspects=(Aspect.QUALITY,),
            expected="连续运行八小时。",
            received="运行十分钟后报警。",
            source=GapSource.SALESPERSON,
        ),
        sale=Sale(step=SaleStep.CONSULTATION, mode=SaleMode.PERSUASIVE),
        desired_remedies=(Remedy.EXCHANGE, Remedy.EXPLANATION),
        desired_amount=cny("0.00"),
        desired_compensation=(Compensation.MATERIAL, Compensation.MORAL),
        estimated_loss=cny("18500.00"),
        emotion=Emotion.ANGRY,
        completeness=0.85,
        missing=("facts.where", "facts.how_many"),
    )
    yield ComplaintSupplemented(
        complaint_id=COMPLAINT,
        addition_id=id_of(40),
        number=1,
        contact_at=after(0.1),
        added_by="key:5f0c1a9be27d",
        added_at=after(0.1),
        medium=Medium.ONLINE,
        channel=Channel.PHONE,
        said="240台里有12台报警，产线从周一停到现在。",
        emotion=Emotion.ANXIOUS,
        restatement="240台电机中12台报警R4，产线停线，希望本周换货。",
        sale=Sale(step=SaleStep.INSTALLATION),
        defect_rate=Decimal("0.05"),
        claimed_losses=(ClaimedLoss(kind=Loss.LINE_STOP, amount=cny("18500.00")),),
        completeness=0.95,
        missing=("facts.where",),
    )
    yield RestatementAnswered(
        complaint_id=COMPLAINT,
        addition_id=id_of(40),
        confirmed=False,
        correction="是13台。",
        answered_by="customer",
        answered_at=after(0.3),
    )
    yield ComplaintCoded(
        complaint_id=COMPLAINT,
        number=1,
        taxonomy_version=1,
        codes=(TaxonomyCode(category="function_fault", subcategory="in_use"),),
        values=("reliability",),
        reason="报警R4属于使用上的功能不良。",
        coded_by="key:5f0c1a9be27d",
        coded_at=after(0.4),
    )
    yield AttachmentAdded(
        complaint_id=COMPLAINT,
        attachment_id=id_of(50),
        media_type="image/jpeg",
        size=2_418_733,
        from_customer=True,
        visible_to_customer=True,
        scan=Scan.PENDING,
        added_at=after(0.005),
    )
    yield AttachmentScanned(
        complaint_id=COMPLAINT, attachment_id=id_of(50), scan=Scan.CLEAN, scanned_at=after(0.006)
    )
    yield ComplaintMerged(
        complaint_id=AGAIN,
        leading_id=COMPLAINT,
        promised_at=after(8),
        merged_by="key:5f0c1a9be27d",
        reason="同一台电机的同一报警，客户通过电话再次反映。",
        merged_at=after(0.7),
    )
    yield ReporterJoined(complaint_id=COMPLAINT, merged_id=AGAIN, joined_at=after(0.7))
    yield ComplaintSeparated(
        complaint_id=AGAIN,
        leading_id=COMPLAINT,
        separated_by="key:5f0c1a9be27d",
        reason="核实后为另一台电机。",
        separated_at=after(2),
    )
    yield ReporterLeft(complaint_id=COMPLAINT, merged_id=AGAIN, left_at=after(2))
    yield PersonalDataRead(
        complaint_id=COMPLAINT,
        what="contact",
        purpose="回电说明进展",
        read_by="key:5f0c1a9be27d",
        read_at=after(30),
    )
    yield PurchaseRecorded(
        complaint_id=COMPLAINT,
        purchase_id=id_of(62),
        customer_id=CUSTOMER,
        amount=Money(amount=Decimal("1280.00"), currency="CNY"),
        product="Kettle K2",
        purchased_at=after(1500),
    )
    yield CustomerErased(
        complaint_id=COMPLAINT, customer_id=CUSTOMER, because=Because.REQUESTED, erased_at=after(2000)
    )
    yield OffersDeclined(
        complaint_id=COMPLAINT, round=1, reason="维修过两次，不再接受维修。", declined_at=after(6)
    )
    yield OfferChosen(complaint_id=COMPLAINT, offer_id=FIRST_OFFER, chosen_at=after(7))
    yield OpinionGiven(
        complaint_id=COMPLAINT,
        follow_up_id=id_of(40),
        outcome=Outcome.SATISFIED,
        comment="处理很快，谢谢。",
        trust_restored=True,
        given_at=after(55),
    )
    yield HandlerWrote(
        complaint_id=COMPLAINT,
        message_id=id_of(50),
        number=1,
        message="请问报警时环境温度大约是多少？",
        written_by="key:5f0c1a9be27d",
        written_at=after(3),
    )
    yield CustomerWrote(
        complaint_id=COMPLAINT,
        message_id=id_of(51),
        number=2,
        message="大约三十五度。可致电[phone]。",
        written_at=after(3.2),
    )
    yield ComplaintWithdrawn(complaint_id=AGAIN, reason="已自行解决。", withdrawn_at=after(8))
