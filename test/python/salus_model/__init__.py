"""An independent model of Salus's formats, written from docs/protocol and not from the product's code.

It shares no line with the product: another language, its own CBOR, its own curves. Where both give the
same bytes, the text is enough to write a third.
"""
