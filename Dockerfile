# azyq: one image for every service of docker-compose.yml.
FROM python:3.12.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml ./
COPY domain domain
COPY projections projections
COPY streams streams
COPY infra infra
COPY programmes programmes
COPY services services
COPY goods goods
# Editable: programmes/, services/ and goods/ are read from beside the code.
RUN /venv/bin/pip install --no-deps --no-build-isolation --editable . \
 && python -m compileall -q domain projections streams infra

FROM python:3.12.12-slim-bookworm
# The numbers are fixed, so that the key's file can be given to them on the host.
RUN groupadd --gid 10001 azyq \
 && useradd --uid 10001 --gid azyq --no-create-home --home-dir /data --shell /usr/sbin/nologin azyq \
 && install -d -o azyq -g azyq -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    AZYQ_DATA=/data AZYQ_LISTEN=0.0.0.0:8080
WORKDIR /app
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# For the API; docker-compose.yml gives the other services theirs.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
CMD ["azyq", "api"]
