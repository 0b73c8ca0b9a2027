# The server as an image: built from its wheel, with the locked dependencies; runs as nobody in particular and writes
# to /data alone, so the rest may be read-only.
#
#   docker build --tag twin-overlay .
#   docker run --read-only --volume twin-overlay-data:/data --publish 127.0.0.1:8420:8420 twin-overlay
#
# There is no access control yet: who reaches the published port may do anything. Publish it on 127.0.0.1, or put
# something before it that asks who it is.

FROM python:3.11-slim AS build
RUN pip install --no-cache-dir --disable-pip-version-check uv hatchling
WORKDIR /source
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY app app
COPY cypher cypher
RUN python -m hatchling build --target wheel --directory /wheel
# uv, because it holds what it installs against the hashes of a file of constraints; pip does so for nothing but lists
# of everything, and the lock has the tools of the tests in it as well.
RUN python -m venv --without-pip /opt/twin-overlay \
    && uv pip install --no-cache --compile-bytecode --python /opt/twin-overlay/bin/python \
        --constraints requirements.lock /wheel/*.whl

FROM python:3.11-slim
COPY --from=build /opt/twin-overlay /opt/twin-overlay
RUN groupadd --gid 10001 twin-overlay \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin twin-overlay \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
ENV PATH=/opt/twin-overlay/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TWIN_OVERLAY_DATA_DIR=/data \
    TWIN_OVERLAY_SERVER__HOST=0.0.0.0 \
    TWIN_OVERLAY_SERVER__INSECURE=true
# While the installation can still be written to: what later starts with the embedded engine are quicker by.
RUN twin-overlay prepare
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8420
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 CMD ["twin-overlay", "health"]
ENTRYPOINT ["twin-overlay"]
CMD ["serve"]
