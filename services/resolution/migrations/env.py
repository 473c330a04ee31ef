from services.resolution.app import service
from shared.migrate import run_environment

run_environment(service.metadata)
