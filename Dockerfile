# The exporter, or any other command: docker run -v ./fleet.toml:/etc/veeam-async/fleet.toml:ro -p 9801:9801 veeam-async
# Secrets: password_file = "/run/secrets/..." in the fleet file, or password_env and `docker run -e`.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/veeam-async \
    && /opt/veeam-async/bin/pip install --no-cache-dir --constraint requirements.txt ".[cli,metrics,speed]"

FROM python:3.13-slim
RUN useradd --system --no-create-home --uid 10001 veeam
COPY --from=build /opt/veeam-async /opt/veeam-async
ENV PATH=/opt/veeam-async/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
EXPOSE 9801
HEALTHCHECK --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9801/-/healthy', timeout=4)"]
ENTRYPOINT ["veeam-async"]
CMD ["exporter", "/etc/veeam-async/fleet.toml", "--listen", "0.0.0.0:9801"]
