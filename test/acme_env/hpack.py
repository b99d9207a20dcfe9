# SPDX-License-Identifier: Apache-2.0

"""Headers of HTTP/2 (RFC 7541). They are read by libnghttp2, because libcurl
uses it and so it is there; they are written in the simplest form."""

import ctypes

_EMIT, _FINAL = 2, 1


class _Field(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("value", ctypes.c_void_p),
                ("name_len", ctypes.c_size_t), ("value_len", ctypes.c_size_t),
                ("flags", ctypes.c_uint8)]


def _library():
    library = ctypes.CDLL("libnghttp2.so.14")
    library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
    library.nghttp2_hd_inflate_hd2.argtypes = [
        ctypes.c_void_p, ctypes.POINTER(_Field), ctypes.POINTER(ctypes.c_int),
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    library.nghttp2_hd_inflate_end_headers.argtypes = [ctypes.c_void_p]
    library.nghttp2_hd_inflate_del.argtypes = [ctypes.c_void_p]
    return library


class Reader:
    """Reads the header blocks of one connection, in their order."""

    def __init__(self):
        self._library = _library()
        self._state = ctypes.c_void_p()
        assert not self._library.nghttp2_hd_inflate_new(
            ctypes.byref(self._state))

    def close(self):
        self._library.nghttp2_hd_inflate_del(self._state)

    def read(self, block):
        """Returns {name: value} of a whole block."""
        fields, field, flags = {}, _Field(), ctypes.c_int(0)
        while not flags.value & _FINAL:
            used = self._library.nghttp2_hd_inflate_hd2(
                self._state, ctypes.byref(field), ctypes.byref(flags), block,
                len(block), 1)
            assert used >= 0, used
            block = block[used:]
            if flags.value & _EMIT:
                name = ctypes.string_at(field.name, field.name_len)
                value = ctypes.string_at(field.value, field.value_len)
                fields[name.decode("latin-1")] = value.decode("latin-1")
        self._library.nghttp2_hd_inflate_end_headers(self._state)
        return fields


def _text(text):
    data = text.encode("latin-1")
    if len(data) < 127:
        return bytes([len(data)]) + data
    length, rest = bytearray([127]), len(data) - 127
    while rest > 127:
        length.append(rest % 128 + 128)
        rest //= 128
    length.append(rest)
    return bytes(length) + data


def write(fields):
    """Returns the block of [(name, value)]."""
    return b"".join(b"\0" + _text(name.lower()) + _text(value)
                    for name, value in fields)
