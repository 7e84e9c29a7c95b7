# syntax=docker/dockerfile:1
# The steps are those of docs/production.md. Without a container engine: make image
FROM debian:bookworm-slim AS debian
RUN apt-get update \
 && apt-get upgrade -y \
 && apt-get install -y --no-install-recommends python3 ca-certificates tzdata busybox-static

FROM debian AS packages
RUN apt-get install -y --no-install-recommends python3-venv binutils
COPY requirements.txt deploy/trim-packages.sh webapp/accounts/leaked_passwords.py /src/
RUN python3 -m venv /opt/latchkey \
 && /opt/latchkey/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /src/requirements.txt \
 && /opt/latchkey/bin/python /src/leaked_passwords.py \
 && sh /src/trim-packages.sh /opt/latchkey

FROM debian AS system
COPY deploy/copy-system.sh /src/
# Not root, and with a number, so that Kubernetes can check that it is not (runAsNonRoot).
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin latchkey \
 && sh /src/copy-system.sh /system \
 && install -d -o latchkey -g latchkey -m 0700 /system/data

FROM scratch
COPY --from=system /system /
COPY --from=packages /opt/latchkey /opt/latchkey
COPY pyproject.toml CHANGELOG.md /srv/latchkey/
COPY webapp /srv/latchkey/webapp
COPY templates /srv/latchkey/templates
COPY static /srv/latchkey/static
COPY docs/examples /srv/latchkey/docs/examples
COPY deploy/latchkey /usr/local/bin/latchkey
RUN chmod 0755 /usr/local/bin/latchkey && /opt/latchkey/bin/python -m compileall -q /srv/latchkey/webapp
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    WEBAPP_INSTANCE=/data \
    WEBAPP_BIND=0.0.0.0:8000 \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/opt/latchkey/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["latchkey"]
CMD ["serve"]
