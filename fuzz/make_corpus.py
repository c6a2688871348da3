#!/usr/bin/env python3
"""Writes the seeds of the fuzzers that read scripts: fuzz/make_corpus.py

The seeds lie in the tree, under corpus/NAME/; run this again after a fuzzer reads its
input in another way. Files that it does not know (found by a campaign, say) stay.
"""

import os

import security_corpus

HERE = os.path.dirname(os.path.abspath(__file__))


# ---- The wire (RFC 37) ----------------------------------------------------------------------


def frame(body, more=False, command=False, wide=None):
    wide = len(body) > 255 if wide is None else wide
    flags = (1 if more else 0) | (2 if wide else 0) | (4 if command else 0)
    return bytes([flags]) + len(body).to_bytes(8 if wide else 1, "big") + body


def message(*parts):
    return b"".join(frame(p, more=i + 1 < len(parts)) for i, p in enumerate(parts))


def command(name, data=b"", wide=None):
    return frame(bytes([len(name)]) + name + data, command=True, wide=wide)


def ready(socket_type, identity=None, **properties):
    body = b""
    items = [("Socket-Type", socket_type.encode())]
    if identity is not None:
        items.append(("Identity", identity))
    items += [(k.replace("_", "-"), v) for k, v in properties.items()]
    for name, value in items:
        body += bytes([len(name)]) + name.encode() + len(value).to_bytes(4, "big") + value
    return command(b"READY", body)


def greeting(major=3, minor=1, mechanism=b"NULL", padding=1):
    return (b"\xff" + padding.to_bytes(8, "big") + b"\x7f" + bytes([major, minor]) +
            mechanism.ljust(20, b"\0") + bytes(32))


def ping(ttl=0, context=b""):
    return command(b"PING", ttl.to_bytes(2, "big") + context)


# ---- Inputs (fuzz/input.h) ------------------------------------------------------------------


def part(octets):
    assert len(octets) < 256
    return bytes([len(octets)]) + octets


def script(*steps):
    return part(bytes(kind | amount << 4 for kind, amount in steps))


# Step::bytes()
B0, B1, B2, B3, B5, B8, B9, B16, B33, B64, B82, B130, B257, B1000, B4096, B70000 = range(16)


# ---- frame_reader_fuzzer --------------------------------------------------------------------


def frame_reader():
    donate, inline, pieces, window, direct, direct_busy, octets = 0, 1, 2, 4, 5, 6, 7
    take, take_all, look_frames, look_messages, look_all, compact, starve = 8, 10, 11, 12, 13, 14, 15

    def seed(steps, stream, rules=0, memory=0):
        return bytes([rules, memory]) + script(*steps) + stream

    small = message(b"a") + message(b"", b"bc", b"") + message(b"d" * 80) + message(b"e" * 81)
    mixed = message(b"a") + ping() + message(b"b", b"c") + command(b"PONG") + message(b"")
    inside = frame(b"x", more=True) + ping(0, b"in") + frame(b"y" * 90)
    return {
        "whole": seed([(donate, B4096), (take_all, 0)], small + mixed),
        "octet_by_octet": seed([(octets, 0), (take, 0)], mixed + inside),
        "look_then_take": seed([(donate, B130), (look_all, 0), (take_all, 0)], mixed * 3),
        "take_then_look": seed([(inline, B9), (take, 1), (look_all, 0)], mixed * 3),
        "pieces_of_one_block": seed([(pieces, B64), (take, 1)], small),
        "windows_compacted": seed([(window, B33), (compact, 0), (look_all, 0)], small + mixed),
        "command_between_parts": seed([(donate, B3), (look_all, 0), (take, 0)], inside * 2),
        "direct_part_then_command": seed(
            [(donate, B3), (take, 0), (look_all, 0), (direct, B5), (take, 0)],
            frame(b"abcd", more=True) + ping() + message(b"e") + frame(b"f" * 20)),
        "direct_with_a_look": seed([(donate, B16), (take, 0), (direct_busy, B64)],
                                   frame(b"g" * 200, more=True) + frame(b"h" * 300) + ping()),
        "long_bodies": seed([(donate, B257), (take, 0)], message(b"i" * 700) + message(b"j" * 300)),
        "long_form_of_short_body": seed([(donate, B16), (take, 0)],
                                        frame(b"k", wide=True) + frame(b"", wide=True)),
        "large_size_field": seed([(donate, B9), (take, 0), (direct, B64)],
                                 b"\x02" + (90000).to_bytes(8, "big") + b"l" * 50),
        "huge_size_field": seed([(donate, B9), (take, 0), (direct, B64)],
                                b"\x02" + (1 << 27).to_bytes(8, "big") + b"l" * 50, rules=64),
        "memory_refused": seed([(donate, B33), (take, 0), (starve, B16)],
                               message(b"m" * 100, b"n" * 100, b"o" * 300), rules=16, memory=5),
        "room_for_an_id": seed([(donate, B64), (take, 0)], small, rules=32, memory=5),
        "limit_of_parts": seed([(donate, B1), (take, 0)], message(b"a", b"b", b"c", b"d"), rules=4),
        "limit_of_message": seed([(donate, B130), (look_all, 0)],
                                 message(b"a" * 150, b"b" * 150, b"c" * 150), rules=2),
        "limit_of_frame": seed([(donate, B33), (take, 0)], small + message(b"z" * 301), rules=1),
        "limit_of_command": seed([(donate, B33), (look_all, 0)], small + ping(0, b"c" * 16), rules=8),
        "reserved_flags": seed([(donate, B33), (look_messages, 1), (take, 0)], small + b"\x08\x00"),
        "more_on_command": seed([(donate, B33), (look_frames, 1), (take, 0)], small + b"\x05\x00"),
        "top_bit_of_size": seed([(donate, B33), (look_all, 0)],
                                small + b"\x02\x80" + bytes(7) + small),
        "cut_at_the_end": seed([(donate, B33), (take, 0)], small + frame(b"p" * 10, more=True)),
    }


# ---- connection_fuzzer ----------------------------------------------------------------------

TYPES = ("PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM SERVER CLIENT RADIO DISH "
         "GATHER SCATTER PEER CHANNEL").split()


def connection_seed(socket_type, steps, stream=b"", peer=0, rules=0, host=0):
    return (bytes([TYPES.index(socket_type), peer, rules, host]) + script(*steps) + stream)


def connection_handshakes():
    (donate, pieces, window, _, _, _, process, _, clock, _, _, _, wish, _, drain, _) = range(16)
    seed = connection_seed
    hello = greeting() + ready("PUSH")
    return {
        "handshake_whole": seed("PULL", [(donate, B4096), (drain, 0)], hello + message(b"a")),
        "handshake_in_octets": seed("DEALER", [(donate, B1), (process, 2)] * 110,
                                    greeting() + ready("ROUTER", b"") + message(b"a")),
        "handshake_in_windows": seed("ROUTER", [(window, B16), (process, 15)] * 10,
                                     greeting() + ready("DEALER", b"id-1")),
        "handshake_of_30_peer": seed("SUB", [(donate, B4096), (process, 1), (wish, 2), (wish, 3)],
                                     greeting(minor=0) + ready("PUB")),
        "handshake_misfit": seed("PULL", [(donate, B4096), (drain, 0)], greeting() + ready("PUB")),
        "handshake_other_mechanism": seed("PULL", [(donate, B4096), (drain, 0)],
                                          greeting(mechanism=b"PLAIN")),
        "handshake_error": seed("REQ", [(donate, B4096), (process, 3)],
                                greeting() + command(b"ERROR", b"\x02no")),
        "handshake_message": seed("REP", [(donate, B4096), (process, 3)],
                                  greeting() + message(b"early")),
        "handshake_long_ready": seed("DEALER", [(pieces, 3), (process, 3)] * 8,
                                     greeting() + ready("DEALER", b"", X_padding=b"x" * 300)),
        "handshake_deadline": seed("DEALER", [(donate, B16), (process, 3), (clock, 13)], greeting()),
        "peer_speaks_10": seed("DEALER", [(donate, B16), (drain, 0)], b"\x01\x00"),
        "peer_speaks_20": seed("DEALER", [(donate, B16), (drain, 0)], greeting()[:10] + b"\x01\x05"),
    }


def connection_traffic():
    (donate, pieces, window, held, direct, receive, process, events, clock, send, fill, written, wish,
     memory, drain, spurious) = range(16)
    greeted, peer_30, peer_id, our_id, beats, close_first = 1, 2, 4, 8, 16, 32
    seed = connection_seed
    up = [(process, 15), (events, 0)]
    hello = greeting() + ready("PUSH")
    return {
        "messages": seed("PULL", up + [(donate, B64), (receive, 3)] * 3,
                         message(b"a") + message(b"b", b"", b"c") + message(b"d" * 100), greeted),
        "messages_in_windows": seed("DEALER", up + [(held, 0), (receive, 0), (held, B33), (process, 15)] * 5,
                                    message(b"a" * 90) * 2 + message(b"b", b"c"), greeted),
        "receive_before_process": seed("PAIR", [(process, 15), (receive, 1), (donate, B64), (receive, 5)],
                                       message(b"a") * 5, greeted),
        "violation_behind_messages": seed("PULL", up + [(donate, B64), (process, 15), (receive, 9)],
                                          message(b"a") * 3 + b"\x10\x00", greeted),
        "direct_read": seed("PULL", up + [(donate, B16), (receive, 0), (direct, B4096), (process, 15),
                                          (direct, B70000), (receive, 0), (donate, B16)],
                            b"\x02" + (70000).to_bytes(8, "big") + b"1234567" + b"\x00\x01e", greeted),
        "direct_read_of_a_part": seed("PULL", up + [(donate, B16), (receive, 0), (process, 15),
                                                    (direct, B4096), (process, 15), (direct, B70000),
                                                    (donate, B33), (process, 15), (receive, 1)],
                                      b"\x03" + (70000).to_bytes(8, "big") + b"1234567" + ping() +
                                      message(b"tail") + message(b"next"), greeted),
        "pings_answered": seed("DEALER", up + [(donate, B33), (process, 15), (fill, B4096), (written, 0)],
                               ping(0, b"ctx") + message(b"a") + ping(5), greeted),
        "ping_ttl_expires": seed("DEALER", up + [(donate, B33), (process, 15), (clock, 6), (clock, 6)],
                                 ping(10), greeted),
        "heartbeats": seed("DEALER", up + [(clock, 5), (fill, B4096), (written, 0), (donate, B9), (clock, 5),
                                           (clock, 6), (clock, 6)], command(b"PONG"), greeted | beats, host=16),
        "sends": seed("PUSH", up + [(send, k) for k in range(16)] + [(fill, B4096), (written, 0)] * 12, b"",
                      greeted),
        "sends_short_writes": seed("DEALER", up + [(send, 2), (send, 11), (send, 9), (fill, B70000),
                                                   (written, 3), (fill, B70000), (written, 5), (drain, 0)],
                                   b"", greeted | our_id),
        "send_then_broken_pipe": seed("PUSH", up + [(send, 2), (send, 12), (send, 8), (send, 7),
                                                    (fill, B257), (send, 1), (written, 12)], b"", greeted),
        "send_at_the_mark": seed("PUSH", up + [(send, 1), (send, 1), (fill, B64), (send, 1), (written, 0),
                                               (send, 1)], b"", greeted, rules=64),
        "echo": seed("PAIR", up + [(donate, B130), (receive, 1), (send, 14), (receive, 1), (send, 14), (drain, 0)],
                     message(b"a", b"b") + frame(b"c", more=True, wide=True) + message(b"d"), greeted),
        "receive_mark": seed("PULL", up + [(donate, B16), (process, 15), (window, B16), (receive, 0)] * 4,
                             message(b"abc") * 10, greeted, rules=32),
        "subscriptions": seed("XPUB", up + [(donate, B130), (receive, 3), (events, 0), (receive, 3)],
                              command(b"SUBSCRIBE", b"ab") + message(b"\x01ab") + message(b"user") +
                              command(b"CANCEL", b"ab") + message(b"\x00"), greeted),
        "subscriptions_out": seed("XSUB", up + [(wish, 0), (wish, 1), (wish, 6), (send, 1), (fill, B4096),
                                                (written, 9)], b"", greeted),
        "groups": seed("RADIO", up + [(donate, B64), (process, 15), (events, 0)],
                       command(b"JOIN", b"g") + command(b"LEAVE", b"g") + command(b"JOIN", b"\0"), greeted),
        "close_flushes": seed("PUSH", up + [(send, 3), (send, 8), (wish, 8), (fill, B70000), (written, 4)], b"",
                              greeted | close_first),
        "fail_tells": seed("ROUTER", up + [(donate, B33), (wish, 10), (receive, 1), (fill, B64), (written, 0)],
                           message(b"a"), greeted | peer_id),
        "end_of_stream": seed("REP", up + [(donate, B64), (wish, 15), (receive, 9)],
                              message(b"", b"a") * 3 + b"\x01\x05ab", greeted),
        "no_memory_at_all": seed("DEALER", [(donate, B4096), (drain, 0), (memory, 9), (drain, 0)],
                                 greeting() + ready("DEALER", b""), host=4),
        "one_slab": seed("DEALER", up + [(window, B16), (send, 1), (fill, B64), (written, 0), (send, 8),
                                         (receive, 0), (memory, 0), (clock, 4), (receive, 1), (memory, 15),
                                         (clock, 4)] * 2, message(b"a" * 300, b"b") * 2, greeted, host=5),
        "spurious_calls": seed("DEALER", [(spurious, 0), (process, 0), (events, 0), (written, 0)] + up +
                               [(spurious, 0), (clock, 0), (memory, 0)], b"", greeted | beats),
        "stream_speaks_no_zmtp": seed("STREAM", [(drain, 0)]),
    }


def connection():
    return {**connection_handshakes(), **connection_traffic()}


# ---- connection_pair_fuzzer -----------------------------------------------------------------


def connection_pair():
    (dealer_router, push_pull, req_rep, pair, xsub_xpub, sub_pub, dealers, routers, xsub_pub, rep_dealer,
     misfit) = range(11)
    a_closes, b_closes, cut = 0, 16, 32
    large, subscription = 14, 15
    act, batch, write, rest, some, receive, process, other = range(0, 16, 2)
    b = 1  # added to a step: the second side's

    def seed(types, from_a, from_b, first, second, bits=0):
        return (bytes([types, bits]) + part(bytes(from_a)) + part(bytes(from_b)) + script(*first) +
                bytes(kind | amount << 4 for kind, amount in second))

    octets = [(batch, B70000), (write, B1), (some, 0), (process + b, 1)] * 60
    both_up = [(batch, B4096), (write, B4096), (rest, 0), (batch + b, B4096), (write + b, B4096),
               (rest + b, 1), (process, 9), (process + b, 9), (batch, 0), (batch + b, 0)] * 3
    talk = [(act, 3), (batch, B64), (write, B33), (rest, 0), (receive + b, 2), (batch, 0), (act + b, 2),
            (batch + b, B1000), (write + b, B257), (some + b, 9), (receive, 3)] * 8
    every = list(range(14))
    return {
        "nothing_said": seed(dealer_router | a_closes, [], [], [], octets),
        "all_sizes": seed(push_pull | a_closes, every, [], both_up + talk, octets),
        "both_talk": seed(dealers | b_closes, every, every[::-1], both_up + talk, talk),
        "identities": seed(routers | cut, [1, 2], [3], both_up, talk, bits=0x11),
        "marks": seed(pair | cut, [1, 2, 11, 4], [11, 5, 1], both_up + talk, octets + talk, bits=0x66),
        "large": seed(push_pull | b_closes, [1, large, 1, large], [], both_up + talk, talk * 2),
        "subscriptions": seed(xsub_xpub | a_closes, [subscription] * 4 + [1, 12, subscription], [2, 3],
                              both_up + talk, octets),
        "subscriptions_to_pub": seed(sub_pub | b_closes, [subscription] * 3, [1, 8], talk, both_up),
        "heartbeats": seed(dealer_router | b_closes, [1, 2], [3],
                           both_up + [(other, 5), (batch, B64), (write, B64), (rest, 0)] * 4,
                           [(other + b, 7)] * 9 + talk, bits=0x88),
        "misfit": seed(misfit | a_closes, [1], [1], both_up, octets),
        "envelopes": seed(req_rep | a_closes, [9, 10, 12, 13], [9, 15], octets, both_up + talk),
    }


# ---- socket_fuzzer --------------------------------------------------------------------------


def socket():
    push, pull, dealer, router, pair, req, rep, dealer_router, pub, xpub, sub, xsub = range(12)
    (bind, unbind, hostile, partner, feed, read, dial, receive, send, send_to, fill, written, clock, turn,
     cut, all_of_it) = range(16)
    close, round_, drop, process = 15, 8, 4, 1

    def seed(socket_type, steps, stream=b"", rules=0, links=0):
        return bytes([socket_type, rules, links]) + script(*steps) + stream

    def everything(times=1):
        return [(all_of_it, round_)] * times

    listening = [(bind, 0), (partner, 0), (partner, 1)] + everything(3)
    dialing = [(bind, 1), (bind, 2), (dial, 0), (dial, 1)] + everything(3)
    traffic = [(send, 0), (send, 9), (turn, 2), (turn, 3), (fill, B4096), (written, 0), (receive, 3)] * 4
    attack = [(bind, 0), (hostile, 1), (feed, 12)] + everything()
    good = message(b"M") + message(b"", b"a") + message(b"", b"", b"b")
    seeds = {}
    for name, kind in [("push", push), ("pull", pull), ("dealer", dealer), ("router", router), ("pair", pair),
                       ("req", req), ("rep", rep), ("dealer_to_router", dealer_router)]:
        seeds[name + "_listens"] = seed(kind, listening + traffic + everything(2))
        seeds[name + "_dials"] = seed(kind, dialing + traffic + [(cut, 0), (clock, 6), (dial, 0)] + everything(2))
        seeds[name + "_attacked"] = seed(kind, attack + listening + [(receive, 2), (send, 1)] * 3 + everything(),
                                         good * 2)
    # What is wanted is told behind the handshake.
    later = [("pub", pub), ("xpub", xpub), ("sub", sub), ("xsub", xsub)] + list(
        zip("radio dish server client scatter gather peer channel".split(), range(12, 20)))
    for name, kind in later:
        seeds[name + "_listens"] = seed(kind, listening + everything(3) + traffic + everything(2))
        seeds[name + "_dials"] = seed(kind, dialing + everything(3) + traffic + [(cut, 0), (clock, 6), (dial, 0)] +
                                      everything(3) + traffic)
        seeds[name + "_attacked"] = seed(kind, attack + listening + [(receive, 2), (send, 1)] * 3 + everything(),
                                         good * 2)
    seeds.update({
        "queue_before_dialed": seed(push, [(bind, 1), (send, 1), (send, 12), (clock, 6), (dial, 3), (clock, 6),
                                           (dial, 0)] + everything(3)),
        "cut_in_a_write": seed(dealer, dialing + [(send, 7), (send, 9), (send, 6), (fill, B70000), (send, 1),
                                                  (written, 11), (clock, 8), (dial, 0)] + everything(3)),
        "batch_out_over_a_reconnect": seed(push, dialing + [(send, 1), (fill, B70000), (send, 2), (cut, 0),
                                                            (clock, 8), (dial, 0), (all_of_it, process),
                                                            (turn, 0), (send, 3), (written, 0)] + everything(3)),
        "late_facts": seed(dealer, dialing + [(cut, 0), (cut, 1)] + [(14, how) for how in range(6, 16)] +
                           everything()),
        "marks": seed(dealer, listening + traffic * 2, rules=6),
        "no_memory": seed(dealer, listening + traffic + [(all_of_it, drop)] + traffic, good, rules=8),
        "same_identity_twice": seed(router, [(bind, 0), (hostile, 3), (hostile, 3)] + everything(2), good, rules=32),
        "router_mandatory": seed(router, listening + [(send, 3), (turn, 2), (receive, 0), (send, 0)] * 3, rules=16),
        "peeks": seed(rep, listening + [(turn, 2), (send_to, 12), (send, 1), (send_to, 13)] * 3 + everything()),
        "unbind_and_disconnect": seed(pair, listening + dialing + [(unbind, 0), (unbind, 1)] + everything(2)),
        "close_with_something_queued": seed(push, [(bind, 1), (send, 1), (send, 8), (all_of_it, close), (dial, 0)] +
                                            everything(2)),
        "close_at_once": seed(dealer, dialing + traffic, links=32),
        "destroyed_in_traffic": seed(dealer, dialing + traffic + [(fill, B64)], links=16),
        "heartbeats": seed(pair, listening + [(clock, 6)] * 4 + everything(), links=1),
        "wants_change": seed(sub, dialing + everything() + [(unbind, how) for how in range(8, 16)] * 2 + [(turn, 2), (receive, 3)] * 3),
        "verbose": seed(xpub, listening + everything(3) + [(turn, 2), (receive, 2), (send_to, 12)] * 4 + everything(), rules=32),
        "conflated": seed(pub, listening + everything(3) + traffic * 2 + everything(), rules=64),
        "peer_asks": seed(18, dialing + everything(3) + ([(send, 2), (send, 6)] + everything()) * 3),
        "sends_upstream": seed(xsub, dialing + everything(3) + traffic + [(cut, 0), (clock, 6), (dial, 0)] + traffic),
        "windows_held": seed(pull, attack + [(read, 2), (read, 3), (read, 1), (cut, 0), (read, 15)], good * 3),
    })
    return seeds


# ---- stream_fuzzer --------------------------------------------------------------------------


def stream():
    donate, pieces, window, receive, process, send, write, clock = range(8)

    def seed(steps, octets=b"", rules=0, end=0):
        return bytes([rules, end]) + script(*steps) + octets

    text = bytes(range(256)) * 2
    both = [(donate, B33), (process, 15), (receive, 1), (send, B5), (write, B1000)]
    return {
        "both_ways": seed(both * 3, text),
        "pieces": seed([(pieces, B8), (process, 1), (receive, 0)] * 4 + [(receive, 15)], text),
        "windows": seed([(window, B1), (window, B130), (process, 15), (receive, 15)] * 2, text),
        "large": seed([(send, B4096), (send, B70000), (write, B4096), (send, B1), (write, B70000)]),
        "parts": seed([(send, B9), (send, B82), (send, B257), (write, B70000)], rules=8),
        "short_writes": seed([(send, B5), (send, B9), (write, B3), (write, B1), (send, B33), (write, B8)]),
        "cut": seed([(send, B5), (send, B9), (send, B1000), (write, B64), (write, B82)]),
        "cut_by_a_write": seed([(send, B5), (send, B4096), (send, B9), (write, B1), (write, 15)]),
        "closed_by_us": seed(both + [(send, B257)], text, end=1),
        "marks": seed([(donate, B130), (pieces, B3), (process, 15), (receive, 0), (window, B9)] * 2 +
                      [(send, B64)] * 3, text, rules=15),
        "one_message": seed([(window, B1), (process, 1), (window, B1), (receive, 1), (send, B1), (send, B1)],
                            text, rules=5),
        "cut_pieces": seed([(donate, B82), (receive, 15), (receive, 15)], text, rules=16 | 7 << 5),
        "no_memory": seed([(window, B33), (send, B4096), (send, B70000), (window, B33), (receive, 3),
                           (write, B4096), (window, B33), (clock, 6), (window, B33)], text, end=2),
    }


def main():
    for name, seeds in {
            "frame_reader": frame_reader(),
            "connection": connection(),
            "connection_pair": connection_pair(),
            "socket": socket(),
            "stream": stream(),
            "z85": security_corpus.z85(),
            "key_file": security_corpus.key_file(),
            "zap": security_corpus.zap(),
            "plain": security_corpus.plain(command, ready, message),
            "curve": security_corpus.curve(part),
    }.items():
        folder = os.path.join(HERE, "corpus", name)
        os.makedirs(folder, exist_ok=True)
        for seed, octets in seeds.items():
            with open(os.path.join(folder, seed), "wb") as file:
                file.write(octets)


if __name__ == "__main__":
    main()
