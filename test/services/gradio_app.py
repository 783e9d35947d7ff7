"""A real Gradio app with the endpoint `logs_api` of the Space that the sidecar reads from.

Environment: REDIS_URL, REDIS_LOGS_KEY (a list, newest entry first), PORT.
"""

import json
import os

import gradio as gr
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

KEY = os.environ["REDIS_LOGS_KEY"]
store = redis.Redis.from_url(
    os.environ["REDIS_URL"],
    decode_responses=True,
    encoding_errors="replace",
    socket_connect_timeout=10,
    socket_timeout=10,
    retry=Retry(NoBackoff(), 0),
)


def as_log(entry):
    """What the Space's API makes of an entry; None when it can't split it."""
    try:
        value = json.loads(entry)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return {name: value.get(name) for name in ("timestamp", "level", "message", "data")}
    try:
        timestamp, _logger, level, message = entry.split(" - ", 3)
    except ValueError:
        return None
    return {"timestamp": timestamp, "level": level, "message": message, "data": None}


def logs_api(limit=10, offset=0):
    """Wrapper pour l'API des logs."""
    start = int(offset)
    try:
        with store.pipeline() as both:
            both.llen(KEY).lrange(KEY, start, start + int(limit) - 1)
            total, entries = both.execute()
    except redis.RedisError as error:
        return {"error": str(error)}
    # As in the Space, `total` counts entries that are left out here, so a page may be shorter than asked.
    return {"total": total, "logs": [log for log in map(as_log, entries) if log]}


with gr.Blocks(analytics_enabled=False) as app:
    limit_input = gr.Slider(1, 100, value=10, step=1, label="Nombre de logs à récupérer")
    offset_input = gr.Number(value=0, precision=0, minimum=0, label="Offset (pagination)")
    gr.Button("Logs").click(logs_api, [limit_input, offset_input], gr.JSON(label="Logs"), api_name="logs_api")

app.launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]), share=False, ssr_mode=False)
