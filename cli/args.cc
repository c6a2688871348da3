#include "cli/args.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/host.h"

namespace monocoque::cli {
namespace {

struct Role {
  std::string_view name;
  SocketType type;
};

constexpr Role kRoles[] = {
    {"pair", SocketType::kPair},     {"push", SocketType::kPush}, {"pull", SocketType::kPull},
    {"req", SocketType::kReq},       {"rep", SocketType::kRep},   {"dealer", SocketType::kDealer},
    {"router", SocketType::kRouter}, {"pub", SocketType::kPub},   {"sub", SocketType::kSub},
    {"xpub", SocketType::kXPub},     {"xsub", SocketType::kXSub},
};

constexpr std::string_view kRoleNames =
    "pair, push, pull, req, rep, dealer, router, pub, sub, xpub, xsub, and demo";

absl::Status Usage(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(why, "; see monocoque --help"));
}

absl::StatusOr<std::uint64_t> Number(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || absl::StartsWith(text, "-") ||
      absl::StartsWith(text, "+")) {
    return Usage(absl::StrCat(option, " wants a whole number, not \"", Escape(text), "\""));
  }
  return value;
}

absl::StatusOr<absl::Duration> Seconds(std::string_view option, std::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value) || value < 0) {
    return Usage(absl::StrCat(option, " wants seconds, not \"", Escape(text), "\""));
  }
  return absl::Seconds(value);
}

// "a, b or c"
std::string OneOf(const std::vector<std::string_view>& names) {
  const auto last = names.end() - 1;
  return absl::StrCat(absl::StrJoin(names.begin(), last, ", "), " or ", *last);
}

// Sets one option that has a value.
absl::Status SetOption(Args* args, std::string_view option, std::string_view value) {
  if (option == "--bind" || option == "--connect") {
    args->places.push_back({option == "--bind", std::string(value)});
  } else if (option == "--identity") {
    absl::StatusOr<std::string> identity = Unescape(value);
    if (!identity.ok()) return Usage(absl::StrCat("--identity: ", identity.status().message()));
    args->identity = *std::move(identity);
  } else if (option == "--subscribe") {
    absl::StatusOr<std::string> prefix = Unescape(value);
    if (!prefix.ok()) return Usage(absl::StrCat("--subscribe: ", prefix.status().message()));
    args->subscriptions.push_back(*std::move(prefix));
  } else if (option == "--reply") {
    if (const auto reply = ParseLine(value); !reply.ok()) {
      return Usage(absl::StrCat("--reply: ", reply.status().message()));
    }
    args->reply = std::string(value);
  } else if (option == "--adapter") {
    const std::vector<std::string_view> names = AdapterNames();
    if (std::ranges::find(names, value) == names.end()) {
      return Usage(absl::StrCat("--adapter wants ", OneOf(names), ", not \"", Escape(value), "\""));
    }
    args->adapter = std::string(value);
  } else if (option == "--format") {
    if (value != "text" && value != "hex" && value != "json") {
      return Usage(absl::StrCat("--format wants text, hex or json, not \"", Escape(value), "\""));
    }
    args->format = value == "text" ? Format::kText : value == "hex" ? Format::kHex : Format::kJson;
  } else if (option == "--timeout") {
    absl::StatusOr<absl::Duration> timeout = Seconds(option, value);
    if (!timeout.ok()) return timeout.status();
    args->timeout = *timeout;
  } else {
    const absl::StatusOr<std::uint64_t> number = Number(option, value);
    if (!number.ok()) return number.status();
    const absl::Duration ms = absl::Milliseconds(1) * static_cast<double>(*number);
    if (option == "--count") args->count = *number;
    if (option == "--hwm") args->hwm = *number;
    if (option == "--interval") args->interval = ms;
    if (option == "--linger") args->linger = ms;
  }
  return absl::OkStatus();
}

constexpr std::string_view kValued[] = {"--adapter", "--bind",     "--connect", "--count",
                                        "--timeout", "--identity", "--reply",   "--interval",
                                        "--format",  "--hwm",      "--linger",  "--subscribe"};

absl::Status CheckRole(const Args& args, std::string_view role) {
  const bool answers = args.role == SocketType::kRep || args.role == SocketType::kRouter;
  if (args.places.empty()) return Usage("give --bind ENDPOINT or --connect ENDPOINT");
  if (args.echo && args.reply) return Usage("--echo and --reply exclude each other");
  if ((args.echo || args.reply) && !answers) {
    return Usage(absl::StrCat("--echo and --reply are for rep and router, not for ", role));
  }
  const bool subscribes = args.role == SocketType::kSub || args.role == SocketType::kXSub;
  if (!args.subscriptions.empty() && !subscribes) {
    return Usage(absl::StrCat("--subscribe is for sub and xsub, not for ", role));
  }
  if (args.role == SocketType::kRep && !args.echo && !args.reply) {
    return Usage("rep needs --echo or --reply TEXT to answer with");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Args> ParseArgs(const std::vector<std::string_view>& words) {
  Args args;
  std::string_view role;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--help" || word == "-h" || word == "--version") {
      args.mode = word == "--version" ? Args::Mode::kVersion : Args::Mode::kHelp;
      return args;
    }
    if (!absl::StartsWith(word, "-")) {
      if (!role.empty()) return Usage(absl::StrCat("unexpected word \"", Escape(word), "\""));
      role = word;
      continue;
    }
    if (word == "--echo") {
      args.echo = true;
      continue;
    }
    std::string_view value;
    const std::size_t equals = word.find('=');
    const std::string_view option = word.substr(0, equals);
    bool known = false;
    for (std::string_view name : kValued) known = known || name == option;
    if (!known) return Usage(absl::StrCat("unknown option \"", Escape(option), "\""));
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return Usage(absl::StrCat(option, " wants a value"));
    }
    if (absl::Status set = SetOption(&args, option, value); !set.ok()) return set;
  }
  if (role.empty()) return Usage(absl::StrCat("give a role: there are ", kRoleNames));
  if (role == "demo") {
    if (words.size() > 1) return Usage("demo takes no options");
    args.mode = Args::Mode::kDemo;
    return args;
  }
  for (const Role& known : kRoles) {
    if (known.name != role) continue;
    args.role = known.type;
    if (absl::Status fits = CheckRole(args, role); !fits.ok()) return fits;
    return args;
  }
  return Usage(absl::StrCat("unknown role \"", Escape(role), "\"; there are ", kRoleNames));
}

std::string_view HelpText() {
  return R"(monocoque: send and receive with any ZeroMQ peer

usage: monocoque ROLE (--bind ENDPOINT | --connect ENDPOINT)... [OPTION]...
       monocoque demo

roles: pair push pull req rep dealer router pub sub xpub xsub
endpoints: tcp://HOST:PORT (port * or 0 to bind: the system chooses), ipc://PATH, ipc://@NAME

  --adapter NAME     the runtime to use: uring (io_uring, the default), uv (libuv) or asio (Boost.Asio)
  --count N          end after N messages received, or sent by a role that only sends
  --timeout SECONDS  end after so long, whatever happened (exit 3)
  --identity ID      our routing id, told to ROUTER peers
  --echo             rep, router: answer each message with itself
  --reply TEXT       rep, router: answer each message with TEXT
  --subscribe PREFIX sub, xsub: messages that begin so (repeatable; sub without any: all)
  --interval MS      wait between sends
  --format FORMAT    how messages are printed: text, hex, json
  --hwm N            high-water mark in messages, both ways; 0 is none
  --linger MS        at the end, wait so long at most for what was sent to go out
  --help, --version

All but pull, sub and rep read messages from stdin, one a line, parts separated by a tab; all but
push and pub print what they receive to stdout in the same form. In both, \\ \t \n stand for those
three, \xNN for any other octet that is not printable. router has the peer's routing id as first part; xpub prints, and xsub takes,
subscriptions as \x01PREFIX and \x00PREFIX.
pub and xpub wait up to a second for a first subscription before they send.
A bound endpoint is printed to stderr, and so are errors.
At the end of input push, pub and req end once everything is sent; the others stay until --count,
--timeout or a signal.
exit: 0 done, 1 failed, 2 usage, 3 timed out
)";
}

}  // namespace monocoque::cli
