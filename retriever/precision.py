"""Which floating point format a machine encodes texts in."""

from __future__ import annotations

from typing import Literal

Precision = Literal["auto", "float32", "bfloat16"]

# Instructions that multiply bfloat16 pairs. Without them bfloat16 is emulated and no faster than float32; on ARM
# torch has them too, but nothing was measured there, so float32 stays.
_FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")


def best_precision() -> Literal["float32", "bfloat16"]:
    """Return ``bfloat16`` where the GPU or, without one, the CPU computes it in hardware, else ``float32``."""
    import torch  # noqa: PLC0415  seconds of import, only when needed

    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    elif torch.backends.mps.is_available():
        fast = False  # never measured there
    else:
        capabilities = torch.cpu.get_capabilities()
        onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        fast = onednn and any(capabilities.get(flag) for flag in _FAST_BFLOAT16)
    return "bfloat16" if fast else "float32"
