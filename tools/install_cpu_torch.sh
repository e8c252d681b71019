#!/usr/bin/env bash
# Install torch's CPU build (2 GB less than the default on Linux) for one Python:
#
#     install_cpu_torch.sh PYTHON
#
# The CPU builds are not on PyPI; uv knows where they are. Where that place cannot be
# reached, PyPI's ordinary build serves as well: it is only larger.
set -euo pipefail

python=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
torch=$(grep -o '^torch==[0-9.]*' "$here/../requirements.txt")

"$python" -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
if ! UV_HTTP_TIMEOUT=20 UV_HTTP_RETRIES=1 "$python" -m uv pip install \
    --python "$python" --torch-backend=cpu "$torch"; then
  echo "torch's CPU builds cannot be reached from here; taking the ordinary build." >&2
  "$python" -m pip install --disable-pip-version-check "$torch"
fi
