from services.insights.app import service
from services.insights.recount import recount
from shared.migrate import run_environment

run_environment(service.metadata, at_head=recount)
