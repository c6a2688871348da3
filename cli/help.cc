#include "cli/help.h"

namespace monocoque::cli {

std::string_view HelpText() {
  return R"(monocoque: send and receive with any ZeroMQ peer

usage: monocoque ROLE (--bind ENDPOINT | --connect ENDPOINT)... [OPTION]...
       monocoque proxy FRONTEND BACKEND (--frontend-bind ENDPOINT | --frontend-connect ENDPOINT)...
                       (--backend-bind ENDPOINT | --backend-connect ENDPOINT)... [OPTION]...
       monocoque demo
       monocoque keygen --out PREFIX
       monocoque passwd --password-file FILE NAME

roles: pair push pull req rep dealer router pub sub xpub xsub
       client server radio dish scatter gather peer channel (draft types: messages of one part)
       stream (octets with peers that speak no ZMTP)
endpoints: tcp://HOST:PORT (port * or 0 to bind: the system chooses), ipc://PATH, ipc://@NAME

  --adapter NAME     the runtime to use: uring (io_uring), uv (libuv), asio (Boost.Asio); without it
                     uring, or uv where io_uring is forbidden
  --count N          end after N messages received, or sent by a role that only sends
  --timeout SECONDS  end after so long, whatever happened (exit 3)
  --identity ID      our routing id, told to ROUTER peers
  --echo             rep, router, server, peer, stream: answer each message with itself
  --reply TEXT       rep, router, server, peer, stream: answer each message with TEXT
  --subscribe PREFIX sub, xsub: messages that begin so (repeatable; sub without any: all)
  --join GROUP       dish: messages of this group (repeatable)
  --interval MS      wait between sends
  --format FORMAT    how messages are printed: text, hex, json
  --raw              lines as they are, nothing escaped: one part each, tabs and all; a part in
                     front that says whom it is for, or from, stays in text form
  --hwm N            high-water mark in messages, both ways; 0 is none
  --linger MS        at the end, wait so long at most for what was sent to go out
  --help, --version

proxy passes messages, whole, between two sockets until --timeout or a signal: router and dealer,
xsub and xpub, pull and push, gather and scatter, dealer and dealer, pair and pair, channel and
channel, either of them in front. It takes --adapter, --timeout, --hwm and --linger, and
  --capture-bind ENDPOINT, --capture-connect ENDPOINT
                     a pub gets a copy of every message that passes
Its bound endpoints are told in this order: frontend, backend, capture.

security, for every role; with none of these nothing is encrypted and everybody is let in:
  --plain-username NAME, --plain-password-file FILE
                     PLAIN client: name and password (the file's first line) go in clear
  --plain-server, --plain-users FILE
                     PLAIN server: lets in who is in the file, lines that passwd makes
  --curve-key PREFIX.key, --curve-server-key KEY|PREFIX.pub
                     CURVE client: our keys, and the server's public key or its file. A shell takes
                     no key without quotes: 'KEY'
  --curve-server, --curve-key PREFIX.key, --allow-key PREFIX.pub (repeatable) or --allow-any-key
                     CURVE server: lets in whose keys these are
  --zap-domain NAME  server: what the authenticator is told as domain
keygen makes PREFIX.key and PREFIX.pub, never over files that are there; passwd prints a line for
--plain-users.

All but pull, sub, rep, gather and dish read messages from stdin, one a line, parts separated by a
tab; all but push, pub, scatter and radio print what they receive to stdout in the same form. In
both, \\ \t \n stand for those three, \xNN for any other octet that is not printable.
A line of router or stream has the peer's routing id as first part; of stream, one with nothing
behind it says that the peer came or is gone, or ends its connection. One of server and peer has the peer's
routing number, which peer tells on stderr as "peer NUMBER" when somebody comes; one of radio and
dish has the group. xpub prints, and xsub takes, subscriptions as \x01PREFIX and \x00PREFIX.
pub, xpub and radio wait up to a second for a first subscriber before they send.
A bound endpoint is printed to stderr, and so are errors.
At the end of input push, pub, req, scatter and radio end once everything is sent; the others stay
until --count, --timeout or a signal.
exit: 0 done, 1 failed, 2 usage, 3 timed out
)";
}

}  // namespace monocoque::cli
