from shared.migrate import run_environment
from shared.platform import metadata

run_environment(metadata)
