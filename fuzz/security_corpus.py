"""Seeds of the security fuzzers, for make_corpus.py."""

KEY = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
SECRET = b"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"


def z85():
    return {
        "empty": b"",
        "hello": b"HelloWorld",
        "key": KEY,
        "largest_group": b"%nSc0",
        "group_beyond_32_bits": b"%nSc1",
        "foreign_character": b"Hell~World",
        "odd_length": b"HelloWorl",
        "high_octet": b"Hell\xffWorld",
        "octets": bytes(range(32)),
    }


def key_file():
    return {
        "pair": b"public " + KEY + b"\nsecret " + SECRET + b"\n",
        "public_alone": b"public " + KEY + b"\n",
        "no_newline_at_the_end": b"public " + KEY,
        "comments": b"# a comment\n\npublic " + KEY + b"\n# public " + KEY + b"\nsecret " + SECRET + b"\n",
        "secret_alone": b"secret " + SECRET + b"\n",
        "twice": b"public " + KEY + b"\npublic " + KEY + b"\n",
        "short_key": b"public " + KEY[:-1] + b"\n",
        "word_behind": b"public " + KEY + b" " + SECRET + b"\n",
        "unknown_word": b"private " + SECRET + b"\n",
        "carriage_returns": b"public " + KEY + b"\r\nsecret " + SECRET + b"\r\n",
        "nul": b"public " + KEY + b"\0\n",
    }


def zap():
    right = b"\xff"

    def reply(*parts, request_id=b"1"):
        octets = bytes([len(request_id)]) + request_id
        for item in parts:
            octets += right if item is None else bytes([len(item)]) + item
        return octets

    metadata = b"\5Level\0\0\0\4gold\1X\0\0\0\0"
    return {
        "accepted": reply(None, None, None, b"OK", b"joe", metadata),
        "accepted_without_metadata": reply(None, None, None, b"", b"", b""),
        "refused": reply(None, None, b"400", b"no", b"", b""),
        "try_later": reply(None, None, b"300", b"later", b"", b""),
        "failed": reply(None, None, b"500", b"broken", b"", b""),
        "another_status": reply(None, None, b"201", b"", b"", b""),
        "status_with_a_blank": reply(None, None, b"200 ", b"", b"", b""),
        "another_id": reply(None, b"2", None, b"", b"", b""),
        "another_version": reply(b"2.0", None, None, b"", b"", b""),
        "five_parts": reply(None, None, None, b"", b""),
        "seven_parts": reply(None, None, None, b"", b"", b"", b""),
        "metadata_cut": reply(None, None, None, b"", b"joe", metadata[:-3]),
        "metadata_value_beyond_2_31": reply(None, None, None, b"", b"joe", b"\1A\x80\0\0\0"),
        "metadata_without_a_name": reply(None, None, None, b"", b"joe", b"\0\0\0\0\0"),
        "empty_id": reply(None, None, None, b"OK", b"joe", b"", request_id=b""),
    }


def plain(command, ready, message):
    client, server, greeted, late = 0, 1, 2, 4
    later, refused, failed = 8, 16, 24

    def hello(name=b"admin", password=b"secret", behind=b""):
        return command(b"HELLO", bytes([len(name)]) + name + bytes([len(password)]) + password + behind)

    def seed(choices, *octets):
        return bytes([choices]) + b"".join(octets)

    properties = b"\x0bSocket-Type\0\0\0\6DEALER"
    initiate = command(b"INITIATE", properties)
    welcome = command(b"WELCOME")
    through = (hello(), initiate, message(b"a", b"b"), message(b"c"))
    return {
        "server": seed(server | greeted, *through),
        "server_late_verdict": seed(server | greeted | late, *through),
        "server_refuses": seed(server | greeted | refused, *through),
        "server_fails": seed(server | greeted | failed, *through),
        "server_tries_later": seed(server | greeted | later, *through),
        "empty_credentials": seed(server | greeted, hello(b"", b""), initiate),
        "longest_credentials": seed(server | greeted, hello(b"n" * 255, b"p" * 255), initiate),
        "password_cut": seed(server | greeted, command(b"HELLO", b"\5admin\xffsecret")),
        "octets_behind_the_password": seed(server | greeted, hello(behind=b"x")),
        "hello_twice": seed(server | greeted, hello(), hello()),
        "initiate_first": seed(server | greeted, initiate, hello()),
        "client_talks_as_server": seed(server | greeted, welcome, ready("DEALER")),
        "message_before_the_end": seed(server | greeted, hello(), message(b"early"), initiate),
        "client": seed(client | greeted, welcome, ready("DEALER"), message(b"a")),
        "client_refused": seed(client | greeted, command(b"ERROR", b"\x03400")),
        "client_meets_libzmqs_error": seed(client | greeted, command(b"\x5eRROR", b"\x03400")),
        "welcome_with_octets": seed(client | greeted, command(b"WELCOME", b"x")),
        "ready_without_welcome": seed(client | greeted, ready("DEALER")),
        "no_greeting": seed(server, *through),
    }


def curve(part):
    client, server, asks, accepts, publishes = 0, 1, 2, 4, 8
    passes, flips, cuts, repeats, holds, lets_go, drops, adds = range(8)

    def seed(choices, tampering=b"", ours=b"", theirs=b"", wires=()):
        return (bytes([choices]) + part(tampering) + part(ours) + part(theirs) +
                b"".join(bytes(octets) for octets in wires))

    some = bytes([0, 3, 5, 9, 12, 13, 7])
    calm = [(passes, 0)] * 6
    seeds = {}
    for name, side in (("server", server), ("client", client)):
        seeds.update({
            name + "_calm": seed(side, ours=some, theirs=some),
            name + "_asks": seed(side | asks | accepts, ours=some, theirs=some),
            name + "_refuses": seed(side | asks, ours=some, theirs=some),
            name + "_publishes": seed(side | publishes, ours=some, theirs=bytes([15, 97, 0, 143, 97, 3])),
            name + "_bad_hello": seed(side, tampering=bytes([1, 0, 9])),
            name + "_bad_welcome_or_vouch": seed(side, tampering=bytes([0, 1, 40, 9])),
            name + "_bad_metadata": seed(side, tampering=bytes([0, 0, 1, 30, 9, 1, 100, 9])),
            name + "_bad_ready": seed(side, tampering=bytes([0, 0, 33, 4]) + b"DEALER12"),
            name + "_bad_flags_in_a_box": seed(side, tampering=bytes([0] * 3 + [1, 0, 255] * 4), theirs=some),
            name + "_command_in_a_box": seed(side, tampering=bytes([0] * 3 + [33, 0]) + b"\4\4PING\0\0", theirs=some),
            name + "_flipped": seed(side, ours=some, theirs=some, wires=calm + [(flips | 32, 70)]),
            name + "_replayed": seed(side, ours=some, theirs=some, wires=calm + [(passes, 0), (repeats, 0)] * 2),
            name + "_reordered": seed(side, ours=some, theirs=some, wires=calm + [(holds, 0), (passes, 0), (lets_go, 0)]),
            name + "_cut": seed(side, ours=some, theirs=some, wires=calm + [(cuts, 20)]),
            name + "_a_message_lost": seed(side, ours=some, theirs=some, wires=calm + [(holds, 0)] * 2),
            name + "_front_lost": seed(side, ours=some, theirs=some, wires=calm + [(drops, 33)] * 2),
            name + "_octets_added": seed(side, ours=some, theirs=some, wires=calm + [(adds | 32, 0, 1, 2, 3, 4)]),
            name + "_greeting_flipped": seed(side, ours=some, theirs=some, wires=[(flips, 12)]),
        })
    return seeds
