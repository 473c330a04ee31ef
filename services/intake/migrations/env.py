import services.intake.attachments.store  # noqa: F401 - its tables
from services.intake.store import metadata
from shared.migrate import run_environment

run_environment(metadata)
