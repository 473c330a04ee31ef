# One image; the name of a service is the command: `redress serve intake`. See docker-compose.yml.
#
# Everything in one container, with the private PostgreSQL:
#   docker run -p 8000:8000 -v redress:/data -e REDRESS_HOST=0.0.0.0 -e REDRESS_SECRET=... redress

FROM python:3.13-slim AS build
RUN pip install --no-cache-dir --disable-pip-version-check 'uv>=0.8,<1'
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
# The dependencies change less often than the code, so they are a layer of their own.
RUN uv sync --frozen --no-dev --no-install-project
COPY . .
RUN uv sync --frozen --no-dev

FROM python:3.13-slim
# With an entry in passwd: PostgreSQL's initdb and the data folder ask who is running.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin redress \
    && install --directory --owner=redress --group=redress --mode=0700 /data
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 REDRESS_DATA_DIR=/data
WORKDIR /app
USER redress
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["redress"]
CMD ["up"]
