"""Forms of pages: percent-encoded UTF-8, as browsers send them. What is anything else is refused.

Litestar would put U+FFFD in the place of bytes that are no text, read bytes that are not percent-encoded as Latin-1,
and end in an error of our own where a part of a multipart form is no UTF-8.
"""

from __future__ import annotations

from urllib.parse import quote_from_bytes

from litestar.datastructures import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.exceptions import ValidationException
from litestar.params import BodyKwarg

from explainer.server.requests import CarefulRequest, is_text

_ASCII = bytes(range(128))


class FormRequest(CarefulRequest):
    """A request whose form, where its handler takes one, is read as it was written, or refused."""

    async def body(self) -> bytes:
        """Return the body; of a form every byte that is no ASCII percent-encoded, as it should be.

        Raises:
            ValidationException: If it is a form and no UTF-8.
        """
        body = await super().body()
        if not self._is_form:
            return body
        if not is_text(body):
            raise ValidationException("The form is not UTF-8, percent-encoded.")
        return quote_from_bytes(body, safe=_ASCII).encode()

    async def form(self) -> FormMultiDict:
        """Return the form.

        Raises:
            ValidationException: If it comes in parts, as files do, or is no UTF-8.
        """
        if self.content_type[0] == RequestEncodingType.MULTI_PART:
            raise ValidationException(f"Send the form as {RequestEncodingType.URL_ENCODED.value}.")
        return await super().form()

    @property
    def _is_form(self) -> bool:
        field = getattr(self.route_handler, "parsed_data_field", None)
        taken = getattr(field, "kwarg_definition", None)
        return isinstance(taken, BodyKwarg) and taken.media_type == RequestEncodingType.URL_ENCODED
