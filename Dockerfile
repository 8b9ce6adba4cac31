# The exporter, or any other command:
#   docker build -t veeam-async . && docker run -v ./fleet.toml:/etc/veeam-async/fleet.toml:ro -p 9801:9801 veeam-async
# Secrets: password_file = "/run/secrets/..." in the fleet file, or password_env and `docker run -e`.
# A simulated appliance with its control endpoint:
#   docker build --target simulate -t veeam-simulate . && docker run -p 9419:9419 -p 127.0.0.1:9000:9000 veeam-simulate
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/veeam-async \
    && /opt/veeam-async/bin/pip install --no-cache-dir --constraint requirements.txt ".[cli,metrics,speed]"

FROM build AS build-simulate
RUN /opt/veeam-async/bin/pip install --no-cache-dir --constraint requirements.txt ".[testing]"

FROM python:3.13-slim AS base
RUN useradd --system --no-create-home --uid 10001 veeam
ENV PATH=/opt/veeam-async/bin:$PATH PYTHONUNBUFFERED=1
USER 10001

FROM base AS simulate
COPY --from=build-simulate /opt/veeam-async /opt/veeam-async
# The authority of --tls is written to a temporary directory.
WORKDIR /tmp
EXPOSE 9419 9000
HEALTHCHECK --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9000/', timeout=4)"]
ENTRYPOINT ["veeam-async", "simulate", "--host", "0.0.0.0", "--port", "9419", "--control-host", "0.0.0.0", "--control-port", "9000"]
CMD ["--version", "13.0.1"]

FROM base
COPY --from=build /opt/veeam-async /opt/veeam-async
EXPOSE 9801
HEALTHCHECK --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9801/-/healthy', timeout=4)"]
ENTRYPOINT ["veeam-async"]
CMD ["exporter", "/etc/veeam-async/fleet.toml", "--listen", "0.0.0.0:9801"]
