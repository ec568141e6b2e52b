# ViT Explorer for a server without a GPU: torch comes without CUDA, which saves several GB.
#   docker build -t vit-explorer . && docker run -p 7860:7860 -v vit-runs:/runs vit-explorer
FROM python:3.13-slim

RUN useradd --create-home --uid 1000 explorer && mkdir /runs && chown explorer /runs
WORKDIR /app
COPY requirements.txt pyproject.toml README.md LICENSE ./
COPY vit_explorer vit_explorer
COPY checkpoints checkpoints
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu \
        $(grep -E "^(torch|torchvision)==" requirements.txt) \
    && pip install --no-cache-dir -r requirements.txt \
    && pip install --no-cache-dir --no-deps .

USER explorer
EXPOSE 7860
VOLUME /runs
CMD ["vit-explorer", "--host", "0.0.0.0", "--port", "7860", "--runs", "/runs", "--public"]
