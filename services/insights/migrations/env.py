from services.insights.recount import recount
from services.insights.store import metadata
from shared.migrate import run_environment

run_environment(metadata, at_head=recount)
