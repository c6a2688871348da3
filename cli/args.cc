#include "cli/args.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/host.h"
#include "cli/roles.h"
#include "protocol/drive/endpoint.h"
#include "protocol/wire/command.h"
#include "protocol/wire/limits.h"

namespace monocoque::cli {
namespace {

// Octets of an endpoint that an error quotes.
constexpr std::size_t kMostQuoted = 256;
constexpr std::size_t kMostIdentity = 255;

absl::Status Usage(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(why, "; see monocoque --help"));
}

// The parsers of numbers take blanks, signs and other bases too, which are slips here.
bool HasOnly(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

absl::StatusOr<std::uint64_t> Number(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  if (!HasOnly(text, "0123456789") || !absl::SimpleAtoi(text, &value)) {
    return Usage(absl::StrCat(option, " wants a whole number, not \"", Escape(text), "\""));
  }
  return value;
}

absl::StatusOr<absl::Duration> Seconds(std::string_view option, std::string_view text) {
  double value = 0;
  if (!HasOnly(text, "0123456789.") || !absl::SimpleAtod(text, &value) || !std::isfinite(value)) {
    return Usage(absl::StrCat(option, " wants seconds, not \"", Escape(text), "\""));
  }
  return absl::Seconds(value);
}

// "a, b or c"
std::string OneOf(const std::vector<std::string_view>& names) {
  const auto last = names.end() - 1;
  return absl::StrCat(absl::StrJoin(names.begin(), last, ", "), " or ", *last);
}

// Where the endpoint of an option belongs; null: it has none.
std::vector<Args::Place>* PlacesOf(Args* args, std::string_view option) {
  if (option == "--bind" || option == "--connect") return &args->places;
  if (option == "--frontend-bind" || option == "--frontend-connect") return &args->frontend.places;
  if (option == "--backend-bind" || option == "--backend-connect") return &args->backend.places;
  if (option == "--capture-bind" || option == "--capture-connect") return &args->capture;
  return nullptr;
}

// The library has transports that lead to nobody from here. What has none is for its parser.
absl::Status CheckTransport(std::string_view endpoint) {
  const std::size_t end = endpoint.find("://");
  if (end == std::string_view::npos || end == 0) return absl::OkStatus();
  const std::string_view transport = endpoint.substr(0, end);
  if (transport == "tcp" || transport == "ipc") return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(transport == "inproc"
                                                     ? "inproc reaches only sockets of one process"
                                                     : "no such transport here",
                                                 "; use tcp or ipc"));
}

// All that the text alone shows.
absl::Status CheckEndpoint(bool bind, std::string_view text) {
  if (absl::Status reaches = CheckTransport(text); !reaches.ok()) return reaches;
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  return bind ? CheckForBind(*endpoint) : CheckForConnect(*endpoint);
}

absl::Status AddPlace(std::vector<Args::Place>* places, std::string_view option,
                      std::string_view value) {
  const std::string lacks = absl::StrCat(option, " lacks its endpoint");
  if (value.empty()) return Usage(lacks);
  if (value[0] == '-') return Usage(absl::StrCat(lacks, ": behind it stands ", Escape(value)));
  const bool bind = absl::EndsWith(option, "bind");
  const absl::Status fits = CheckEndpoint(bind, value);
  if (!fits.ok()) {
    // What it quotes stands here as it was given.
    std::string_view why = fits.message();
    constexpr std::string_view kQuoted = "\": ";
    const std::size_t quoted = why.rfind(kQuoted);
    if (quoted != std::string_view::npos) why.remove_prefix(quoted + kQuoted.size());
    return Usage(absl::StrCat(option, " ", Escape(value.substr(0, kMostQuoted)),
                              value.size() > kMostQuoted ? "..." : "", ": ", why));
  }
  places->push_back({bind, std::string(value)});
  return absl::OkStatus();
}

absl::StatusOr<std::string> Identity(std::string_view option, std::string_view value) {
  absl::StatusOr<std::string> identity = Unescape(value);
  if (!identity.ok()) return Usage(absl::StrCat(option, ": ", identity.status().message()));
  if (identity->empty() || identity->size() > kMostIdentity || identity->front() == '\0') {
    return Usage(
        absl::StrCat(option, " wants 1 to ", kMostIdentity, " octets, the first of them not zero"));
  }
  return identity;
}

// A group is joined once; prefixes may come again.
absl::Status AddTopic(Args* args, std::string_view option, std::string_view value) {
  absl::StatusOr<std::string> name = Unescape(value);
  if (!name.ok()) return Usage(absl::StrCat(option, ": ", name.status().message()));
  if (option == "--subscribe") {
    constexpr std::size_t kMost = Limits().max_prefix_bytes();
    if (name->size() > kMost) {
      return Usage(
          absl::StrCat("--subscribe: a prefix has at most ", kMost, " octets, not ", name->size()));
    }
    args->subscriptions.push_back(*std::move(name));
    return absl::OkStatus();
  }
  if (name->size() > command::kMaxGroup || absl::StrContains(*name, '\0')) {
    return Usage(absl::StrCat("--join: a group has at most ", command::kMaxGroup,
                              " octets, none of them zero"));
  }
  if (std::ranges::find(args->groups, *name) != args->groups.end()) {
    return Usage(absl::StrCat("--join ", Escape(value), " is there twice"));
  }
  args->groups.push_back(*std::move(name));
  return absl::OkStatus();
}

// Sets one option that has a value.
absl::Status SetOption(Args* args, std::string_view option, std::string_view value) {
  if (std::vector<Args::Place>* places = PlacesOf(args, option)) {
    return AddPlace(places, option, value);
  }
  if (option == "--identity") {
    absl::StatusOr<std::string> identity = Identity(option, value);
    if (!identity.ok()) return identity.status();
    args->identity = *std::move(identity);
  } else if (option == "--subscribe" || option == "--join") {
    return AddTopic(args, option, value);
  } else if (option == "--reply") {
    // What a REQ asks comes in an envelope, and so goes the answer.
    if (const auto reply = ParseLine(value, {.envelope = 1}); !reply.ok()) {
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
  } else if (!SetSecurityOption(&args->security, option, value)) {
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

// Options that have a value, and who takes them.
struct Option {
  std::string_view name;
  bool role = true;
  bool proxy = true;
};

constexpr Option kValued[] = {
    {"--adapter"},
    {"--timeout"},
    {"--hwm"},
    {"--linger"},
    {"--bind", true, false},
    {"--connect", true, false},
    {"--count", true, false},
    {"--identity", true, false},
    {"--reply", true, false},
    {"--interval", true, false},
    {"--format", true, false},
    {"--subscribe", true, false},
    {"--join", true, false},
    {"--frontend-bind", false},
    {"--frontend-connect", false},
    {"--backend-bind", false},
    {"--backend-connect", false},
    {"--capture-bind", false},
    {"--capture-connect", false},
};

// All of cli/security.h.
constexpr Option kSecurity = {"", true, false};

// Those that have no value.
bool IsFlag(std::string_view word) {
  SecurityArgs nowhere;
  return word == "--echo" || word == "--raw" || word == "--help" || word == "--version" ||
         SetSecurityFlag(&nowhere, word);
}

// Of those that were given.
absl::Status CheckOptions(const std::vector<std::string_view>& given, std::string_view role) {
  for (const std::string_view name : given) {
    const auto* const found = std::ranges::find(kValued, name, &Option::name);
    const Option option = found != std::end(kValued) ? *found : kSecurity;
    if (role == "proxy" ? option.proxy : option.role) continue;
    if (name == "--bind" || name == "--connect") {
      return Usage(absl::StrCat("proxy has two sides: give --frontend", name.substr(1),
                                " and --backend", name.substr(1)));
    }
    return Usage(absl::StrCat(
        name, role == "proxy" ? " is not for proxy" : " is for proxy, not for a role"));
  }
  return absl::OkStatus();
}

absl::Status CheckRole(const Args& args, const Role& role) {
  const auto for_others = [&role](std::string_view option, std::string_view whose) {
    return Usage(absl::StrCat(option, " is for ", whose, ", not for ", role.name));
  };
  if (args.places.empty()) return Usage("give --bind ENDPOINT or --connect ENDPOINT");
  if (args.echo && args.reply) return Usage("--echo and --reply exclude each other");
  if ((args.echo || args.reply) && !role.answers) {
    return for_others("answering with --echo or --reply", "rep, router, server, peer and stream");
  }
  if (args.reply && role.single_part && absl::StrContains(*args.reply, '\t')) {
    return Usage(absl::StrCat("--reply: ", role.name, " answers with one part"));
  }
  const bool subscribes = role.type == SocketType::kSub || role.type == SocketType::kXSub;
  if (!args.subscriptions.empty() && !subscribes) return for_others("--subscribe", "sub and xsub");
  const bool joins = role.type == SocketType::kDish;
  if (!args.groups.empty() && !joins) return for_others("--join", "dish");
  if (args.groups.empty() && joins) return Usage("dish needs --join GROUP: it receives no other");
  if (role.type == SocketType::kRep && !args.echo && !args.reply) {
    return Usage("rep needs --echo or --reply TEXT to answer with");
  }
  if (absl::Status fits = CheckSecurity(args.security); !fits.ok()) return Usage(fits.message());
  return absl::OkStatus();
}

std::string AllNames() { return absl::StrCat(RoleNames(", "), ", proxy, demo, keygen and passwd"); }

absl::Status SetRole(Args* args, std::string_view name) {
  const Role* const role = FindRole(name);
  if (role == nullptr) {
    return Usage(absl::StrCat("unknown role \"", Escape(name), "\"; there are ", AllNames()));
  }
  args->role = role->type;
  return CheckRole(*args, *role);
}

absl::Status SetProxy(Args* args, const std::vector<std::string_view>& names) {
  args->mode = Args::Mode::kProxy;
  if (names.size() < 3) {
    return Usage("proxy wants the types of its two sides, as in: proxy router dealer");
  }
  const Role* const front = FindRole(names[1]);
  const Role* const back = FindRole(names[2]);
  if (front == nullptr || back == nullptr || !CanBeJoined(front->type, back->type)) {
    return Usage(absl::StrCat("proxy does not join ", Escape(names[1]), " and ", Escape(names[2]),
                              "; it joins ", JoinedPairs()));
  }
  args->frontend.type = front->type;
  args->backend.type = back->type;
  if (args->echo) return Usage("--echo is not for proxy");
  if (args->raw) return Usage("--raw is not for proxy");
  if (args->frontend.places.empty()) return Usage("give --frontend-bind or --frontend-connect");
  if (args->backend.places.empty()) return Usage("give --backend-bind or --backend-connect");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Args> ParseArgs(const std::vector<std::string_view>& words) {
  Args args;
  std::vector<std::string_view> names;  // what to do, and with proxy its two types
  std::vector<std::string_view> given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--help" || word == "-h" || word == "--version") {
      args.mode = word == "--version" ? Args::Mode::kVersion : Args::Mode::kHelp;
      return args;
    }
    if (!absl::StartsWith(word, "-")) {
      names.push_back(word);
      continue;
    }
    if (word == "--echo" || word == "--raw") {
      (word == "--raw" ? args.raw : args.echo) = true;
      continue;
    }
    if (SetSecurityFlag(&args.security, word)) {
      given.push_back(word);
      continue;
    }
    std::string_view value;
    const std::size_t equals = word.find('=');
    const std::string_view option = word.substr(0, equals);
    const bool known = IsSecurityOption(option) ||
                       std::ranges::find(kValued, option, &Option::name) != std::end(kValued);
    if (!known && option != word && IsFlag(option)) {
      return Usage(absl::StrCat(option, " takes no value"));
    }
    if (!known) return Usage(absl::StrCat("unknown option \"", Escape(option), "\""));
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      const bool place = PlacesOf(&args, option) != nullptr;
      return Usage(absl::StrCat(option, place ? " lacks its endpoint" : " wants a value"));
    }
    given.push_back(option);
    if (absl::Status set = SetOption(&args, option, value); !set.ok()) return set;
  }
  if (names.empty()) return Usage(absl::StrCat("give a role: there are ", AllNames()));
  if (names[0] == "demo") {
    if (words.size() > 1) return Usage("demo takes no options");
    args.mode = Args::Mode::kDemo;
    return args;
  }
  const std::size_t wanted = names[0] == "proxy" ? 3 : 1;
  if (names.size() > wanted) {
    return Usage(absl::StrCat("unexpected word \"", Escape(names[wanted]), "\""));
  }
  absl::Status fits = CheckOptions(given, names[0]);
  if (args.raw && std::ranges::find(given, "--format") != given.end()) {
    return Usage("--raw and --format exclude each other");
  }
  if (fits.ok()) fits = wanted == 3 ? SetProxy(&args, names) : SetRole(&args, names[0]);
  if (!fits.ok()) return fits;
  return args;
}

}  // namespace monocoque::cli
