#include "tests/golden/zv.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace monocoque::golden {
namespace {

using Words = std::vector<std::string>;
using Rest = std::span<const std::string>;

// Far above what a capture holds: a slip in a repeat count is no reason to fill the memory.
constexpr std::int64_t kMaxRepeat = 1 << 20;
constexpr std::int64_t kMaxMilliseconds = 100'000;

absl::Status Bad(std::string_view what) { return absl::InvalidArgumentError(what); }

bool IsDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

absl::StatusOr<std::int64_t> ParseNumber(std::string_view text, std::int64_t least,
                                         std::int64_t most) {
  std::int64_t number = 0;
  if (!IsDigits(text) || !absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return Bad(absl::StrCat("\"", text, "\" is no number from ", least, " to ", most));
  }
  return number;
}

absl::StatusOr<absl::Duration> ParseMilliseconds(std::string_view text) {
  const auto number = ParseNumber(text, 1, kMaxMilliseconds);
  if (!number.ok()) return number.status();
  return absl::Milliseconds(*number);
}

absl::StatusOr<std::string> ParseHex(std::string_view hex) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  std::string octets;
  if (hex.size() % 2 != 0 || !std::ranges::all_of(hex, is_hex) ||
      !absl::HexStringToBytes(hex, &octets)) {
    return Bad(absl::StrCat("\"", hex, "\" is not hexadecimal in lower case"));
  }
  return octets;
}

bool IsName(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

// "{padding:8=0000000000000001}"
absl::StatusOr<Piece> ParseNamedPiece(std::string_view word) {
  const absl::Status bad = Bad(absl::StrCat("\"", word, "\" is not {name:length=octets}"));
  if (!absl::ConsumePrefix(&word, "{") || !absl::ConsumeSuffix(&word, "}")) return bad;
  const std::size_t colon = word.find(':');
  const std::size_t equals = word.find('=');
  if (colon == word.npos || equals == word.npos || equals < colon) return bad;
  const auto size = ParseNumber(word.substr(colon + 1, equals - colon - 1), 1, kMaxRepeat);
  auto octets = ParseHex(word.substr(equals + 1));
  if (!IsName(word.substr(0, colon)) || !size.ok() || !octets.ok() ||
      octets->size() != static_cast<std::size_t>(*size)) {
    return bad;
  }
  return Piece{*std::move(octets), std::string(word.substr(0, colon))};
}

// "00ff7a", "7a*300"
absl::StatusOr<std::string> ParseRun(std::string_view word) {
  const std::size_t star = word.find('*');
  auto octets = ParseHex(word.substr(0, star));
  if (!octets.ok() || star == word.npos) return octets;
  const auto count = ParseNumber(word.substr(star + 1), 1, kMaxRepeat);
  if (!count.ok()) return count.status();
  if (octets->size() != 1) return Bad(absl::StrCat("\"", word, "\" repeats not one octet"));
  return std::string(static_cast<std::size_t>(*count), (*octets)[0]);
}

absl::StatusOr<Octets> ParseOctets(Rest words) {
  Octets octets;
  for (const std::string& word : words) {
    absl::StatusOr<Piece> piece = Piece{};
    if (word[0] == '{') {
      piece = ParseNamedPiece(word);
    } else if (auto run = ParseRun(word); run.ok()) {
      piece = Piece{*std::move(run), ""};
    } else {
      piece = run.status();
    }
    if (!piece.ok()) return piece.status();
    octets.pieces.push_back(*std::move(piece));
  }
  if (octets.pieces.empty()) return Bad("no octets");
  return octets;
}

// "-", "00ff+7a*300", "{routing-id:5=0001020304}"
absl::StatusOr<Octets> ParseFrame(const std::string& word) {
  if (word == "-") return Octets();
  const Words runs = absl::StrSplit(word, '+');
  if (std::ranges::find(runs, "") != runs.end()) {
    return Bad(absl::StrCat("\"", word, "\" is no frame"));
  }
  return ParseOctets(runs);
}

absl::StatusOr<OptionSetting> ParseOption(Rest words) {
  if (words.size() != 2) return Bad("an option has a name and a value");
  const bool good_name = std::ranges::all_of(words[0], [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!good_name) return Bad(absl::StrCat("\"", words[0], "\" is no option's name"));
  OptionSetting option{words[0], {}};
  std::string_view value = words[1];
  if (absl::ConsumePrefix(&value, "str:")) {
    option.value.octets = std::string(value);
    return option;
  }
  if (absl::ConsumePrefix(&value, "hex:")) {
    auto octets = ParseHex(value);
    if (!octets.ok()) return octets.status();
    option.value.octets = *std::move(octets);
    return option;
  }
  const auto number = ParseNumber(value, 0, std::int64_t{1} << 40);
  if (!number.ok()) return number.status();
  option.value.number = *number;
  return option;
}

// What may stand in front of the frames: group=, rid=, error=.
absl::Status ParseAttributes(Rest* words, AppStep* app) {
  for (; !words->empty() && words->front()[0] != '{'; *words = words->subspan(1)) {
    std::string_view word = words->front();
    if (absl::ConsumePrefix(&word, "group=")) {
      auto group = ParseHex(word);
      if (!group.ok()) return group.status();
      app->group = *std::move(group);
    } else if (absl::ConsumePrefix(&word, "rid=")) {
      if (word != "last" && !IsDigits(word)) return Bad("rid= is \"last\" or a number");
      app->routing_id = std::string(word);
    } else if (absl::ConsumePrefix(&word, "error=")) {
      if (word.size() < 2 || word[0] != 'E') return Bad("error= is the name of an errno");
      app->error = std::string(word);
    } else {
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status ParseMessage(Rest words, AppStep* app) {
  if (absl::Status attributes = ParseAttributes(&words, app); !attributes.ok()) return attributes;
  for (const std::string& word : words) {
    auto frame = ParseFrame(word);
    if (!frame.ok()) return frame.status();
    app->frames.push_back(*std::move(frame));
  }
  const bool fails = app->verb == AppVerb::kSendFails || app->verb == AppVerb::kRecvFails;
  if (fails != !app->error.empty()) return Bad("error= belongs to what fails, and to nothing else");
  if (app->frames.empty() != (app->verb == AppVerb::kRecvFails))
    return Bad("frames are missing, or too many");
  return absl::OkStatus();
}

absl::Status ParseApp(Rest words, Step* step) {
  static const auto* verbs =
      new std::vector<std::pair<std::string_view, AppVerb>>{{"send", AppVerb::kSend},
                                                            {"send-fails", AppVerb::kSendFails},
                                                            {"recv", AppVerb::kRecv},
                                                            {"recv-none", AppVerb::kRecvNone},
                                                            {"recv-fails", AppVerb::kRecvFails},
                                                            {"setopt", AppVerb::kSetOption},
                                                            {"join", AppVerb::kJoin},
                                                            {"leave", AppVerb::kLeave},
                                                            {"close", AppVerb::kClose}};
  if (words.empty()) return Bad("app without a verb");
  const auto verb = std::ranges::find(*verbs, words[0], [](const auto& v) { return v.first; });
  if (verb == verbs->end()) return Bad(absl::StrCat("app does not know \"", words[0], "\""));
  step->kind = Step::Kind::kApp;
  AppStep& app = step->app;
  app.verb = verb->second;
  words = words.subspan(1);
  switch (app.verb) {
    case AppVerb::kSend:
    case AppVerb::kSendFails:
    case AppVerb::kRecv:
    case AppVerb::kRecvFails:
      return ParseMessage(words, &app);
    case AppVerb::kClose:
      return words.empty() ? absl::OkStatus() : Bad("close takes nothing");
    case AppVerb::kSetOption: {
      auto option = ParseOption(words);
      if (option.ok()) app.option = *std::move(option);
      return option.status();
    }
    case AppVerb::kRecvNone: {
      if (words.size() != 1) return Bad("recv-none takes a time");
      const auto time = ParseMilliseconds(words[0]);
      if (time.ok()) step->time = *time;
      return time.status();
    }
    case AppVerb::kJoin:
    case AppVerb::kLeave: {
      if (words.size() != 1) return Bad("join and leave take a group");
      auto group = ParseFrame(words[0]);
      if (group.ok()) app.group = group->text();
      return group.status();
    }
  }
  return absl::OkStatus();
}

class Parser {
 public:
  // Lines of the script: which sides may do what, and which connections there are.
  void BeginScript(Side subject, int connections, bool ours) {
    capture_.subject = subject;
    connections_ = connections;
    ours_ = ours;
    in_script_ = true;
  }

  absl::Status Parse(std::string_view text) {
    int number = 0;
    for (std::string_view line : absl::StrSplit(text, '\n')) {
      ++number;
      line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
      if (line.empty()) continue;
      if (absl::Status status = ParseLine(line); !status.ok()) {
        return Bad(absl::StrCat("line ", number, ": ", status.message()));
      }
    }
    if (!in_script_ || capture_.steps.empty()) return Bad("there is no script");
    return absl::OkStatus();
  }

  Capture Take() { return std::move(capture_); }

 private:
  absl::Status ParseLine(std::string_view line) {
    if (!std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) {
      return Bad("not printable ASCII");
    }
    const Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (line[0] == '@') return ParseHeader(words);
    if (!in_script_) {
      if (absl::Status complete = CheckHeader(); !complete.ok()) return complete;
      in_script_ = true;
    }
    Step step;
    step.text = std::string(line);
    if (absl::Status status = ParseStep(words, &step); !status.ok()) return status;
    capture_.steps.push_back(std::move(step));
    return absl::OkStatus();
  }

  absl::Status ParseHeader(const Words& words) {
    if (in_script_) return Bad("a header line in the script");
    static const auto* repeated = new std::set<std::string_view>{
        "@set", "@set-S", "@set-C", "@key", "@random", "@random-S", "@random-C"};
    const std::string& key = words[0];
    if (!seen_.insert(key).second && !repeated->contains(key))
      return Bad(absl::StrCat(key, " twice"));
    const Rest values = Rest(words).subspan(1);
    if (key == "@set") return AddOption(values, &capture_.s, &capture_.c);
    if (key == "@set-S") return AddOption(values, &capture_.s, nullptr);
    if (key == "@set-C") return AddOption(values, &capture_.c, nullptr);
    if (values.empty()) return Bad(absl::StrCat(key, " without a value"));
    if (key == "@differs") return ParseDiffers(values);
    if (key == "@captured") {
      return values.size() >= 2 && values[0] == "libzmq" ? absl::OkStatus()
                                                         : Bad("captured from what?");
    }
    if (key == "@random" || key == "@random-S" || key == "@random-C") {
      return AddRandom(key, values[0]);
    }
    if (key == "@key") {
      return values.size() == 3 ? ParseHex(values[1]).status()
                                : Bad("a key has a name, octets and a symbol");
    }
    if (values.size() != 1) return Bad(absl::StrCat(key, " takes one value"));
    return ParseWord(key, values[0]);
  }

  absl::Status ParseWord(const std::string& key, const std::string& value) {
    if (key == "@subject") return ParseSubject(value);
    if (key == "@socket") return SetType(value, &capture_.s, &capture_.c);
    if (key == "@socket-S") return SetType(value, &capture_.s, nullptr);
    if (key == "@socket-C") return SetType(value, &capture_.c, nullptr);
    if (key == "@transport")
      return value == "ipc" || value == "ws" ? absl::OkStatus() : Bad("unknown transport");
    if (key == "@endpoint") {
      capture_.endpoint = value;
      return absl::OkStatus();
    }
    if (key == "@needs") return value == "draft" ? absl::OkStatus() : Bad("needs what?");
    if (key == "@order") {
      capture_.order_free = true;
      return value == "free" ? absl::OkStatus() : Bad("which order?");
    }
    if (key == "@zap") {
      capture_.zap_handler = true;
      return value == "handler" ? absl::OkStatus() : Bad("which part of ZAP?");
    }
    return Bad(absl::StrCat("unknown header ", key));
  }

  absl::Status AddRandom(std::string_view key, const std::string& value) {
    const auto octets = ParseHex(value);
    if (!octets.ok()) return octets.status();
    if (key != "@random-C") capture_.s.random.push_back(*octets);
    if (key != "@random-S") capture_.c.random.push_back(*octets);
    return absl::OkStatus();
  }

  absl::Status ParseSubject(const std::string& value) {
    if (value != "S" && value != "C" && value != "both") return Bad("the subject is S, C or both");
    capture_.subject = value == "both" ? Side::kBoth : value == "S" ? Side::kS : Side::kC;
    return absl::OkStatus();
  }

  // "D-16 D-18", "section 3"
  absl::Status ParseDiffers(Rest values) {
    if (values[0] == "section") {
      capture_.differs = {absl::StrJoin(values, " ")};
    } else {
      capture_.differs.assign(values.begin(), values.end());
    }
    return absl::OkStatus();
  }

  static absl::Status SetType(const std::string& name, SocketSpec* one, SocketSpec* other) {
    const std::optional<SocketType> type = ParseSocketType(name);
    if (!type) return Bad(absl::StrCat("\"", name, "\" is no socket type"));
    one->type = *type;
    if (other != nullptr) other->type = *type;
    return absl::OkStatus();
  }

  static absl::Status AddOption(Rest words, SocketSpec* one, SocketSpec* other) {
    auto option = ParseOption(words);
    if (!option.ok()) return option.status();
    one->options.push_back(*option);
    if (other != nullptr) other->options.push_back(*std::move(option));
    return absl::OkStatus();
  }

  absl::Status CheckHeader() const {
    if (!seen_.contains("@captured") || !seen_.contains("@subject")) {
      return Bad("the script begins before @captured and @subject");
    }
    const bool both = capture_.subject == Side::kBoth;
    for (const char* key : {"@socket", "@set", "@random"}) {
      const bool one = seen_.contains(key);
      const bool two =
          seen_.contains(absl::StrCat(key, "-S")) || seen_.contains(absl::StrCat(key, "-C"));
      if ((both && one) || (!both && two))
        return Bad(absl::StrCat(key, " does not fit the subject"));
    }
    const bool typed = both ? seen_.contains("@socket-S") && seen_.contains("@socket-C")
                            : seen_.contains("@socket");
    return typed ? absl::OkStatus() : Bad("the script begins before @socket");
  }

  absl::Status ParseStep(const Words& words, Step* step) {
    const std::string& word = words[0];
    const Rest rest = Rest(words).subspan(1);
    const bool both = capture_.subject == Side::kBoth;
    if (word == "app" && !both) {
      step->side = capture_.subject;
      return ParseApp(rest, step);
    }
    if ((word == "S.app" || word == "C.app") && both) {
      step->side = word[0] == 'S' ? Side::kS : Side::kC;
      return ParseApp(rest, step);
    }
    if (word == "Z>" || word == "Z<") return ParseZap(word, rest, step);
    if (word[0] == 'C' || word[0] == 'S') return ParseWire(word, rest, step);
    if (word == "open") return ParseOpen(rest, step);
    return ParsePause(word, rest, step);
  }

  absl::Status ParseZap(std::string_view word, Rest rest, Step* step) const {
    step->kind = word == "Z>" ? Step::Kind::kZapAsked : Step::Kind::kZapSays;
    if (!ours_ && !seen_.contains("@zap")) return Bad("a ZAP frame without @zap");
    for (const std::string& text : rest) {
      auto frame = ParseFrame(text);
      if (!frame.ok()) return frame.status();
      step->zap.push_back(*std::move(frame));
    }
    return rest.empty() ? Bad("no ZAP frames") : absl::OkStatus();
  }

  absl::Status ParseConnection(std::string_view text, int* connection) const {
    const auto number = ParseNumber(text, 1, connections_);
    if (!number.ok()) return Bad(absl::StrCat("connection \"", text, "\" is not open"));
    *connection = static_cast<int>(*number);
    return absl::OkStatus();
  }

  // "C>", "S2!"
  absl::Status ParseWire(std::string_view word, Rest rest, Step* step) const {
    step->side = word[0] == 'S' ? Side::kS : Side::kC;
    const char what = word.back();
    const std::string_view number = word.substr(1, word.size() - 2);
    if (word.size() < 2 || (what != '>' && what != '!'))
      return Bad(absl::StrCat("unknown step \"", word, "\""));
    if (!number.empty()) {
      if (absl::Status status = ParseConnection(number, &step->connection); !status.ok())
        return status;
    }
    if (what == '>') {
      step->kind = Step::Kind::kOctets;
      auto octets = ParseOctets(rest);
      if (octets.ok()) step->octets = *std::move(octets);
      return octets.status();
    }
    const bool from_subject = step->side == capture_.subject;
    if (ours_ && from_subject && rest.size() == 1 && rest[0] == "error") {
      step->kind = Step::Kind::kError;
      return absl::OkStatus();
    }
    if (rest.empty() || rest[0] != "close") return Bad("! is followed by close");
    step->kind = from_subject ? Step::Kind::kCloseWithin : Step::Kind::kClose;
    if (from_subject != (rest.size() > 1))
      return Bad("the subject closes within a time, the other side at once");
    if (!from_subject) return absl::OkStatus();
    if (rest.size() != 3 || rest[1] != "within") return Bad("close within how long?");
    const auto time = ParseMilliseconds(rest[2]);
    if (time.ok()) step->time = *time;
    return time.status();
  }

  absl::Status ParseOpen(Rest rest, Step* step) {
    step->kind = Step::Kind::kOpen;
    if (rest.size() != 1) return Bad("open which connection?");
    const auto number = ParseNumber(rest[0], connections_ + 1, connections_ + 1);
    if (!number.ok()) return number.status();
    step->connection = connections_ = static_cast<int>(*number);
    return absl::OkStatus();
  }

  absl::Status ParsePause(const std::string& word, Rest rest, Step* step) const {
    if (word == "idle") {
      step->kind = Step::Kind::kIdle;
    } else if (word == "no-reconnect") {
      step->kind = Step::Kind::kNoReconnect;
    } else if (word != "wait") {
      return Bad(absl::StrCat("unknown step \"", word, "\""));
    }
    const std::size_t most = step->kind == Step::Kind::kIdle ? 2 : 1;
    if (rest.empty() || rest.size() > most) return Bad("how long?");
    const auto time = ParseMilliseconds(rest[0]);
    if (!time.ok()) return time.status();
    step->time = *time;
    return rest.size() == 2 ? ParseConnection(rest[1], &step->connection) : absl::OkStatus();
  }

  Capture capture_;
  std::set<std::string, std::less<>> seen_;
  int connections_ = 1;
  bool in_script_ = false;
  bool ours_ = false;
};

}  // namespace

std::size_t Octets::size() const {
  std::size_t size = 0;
  for (const Piece& piece : pieces) size += piece.octets.size();
  return size;
}

std::string Octets::text() const {
  std::string text;
  for (const Piece& piece : pieces) text += piece.octets;
  return text;
}

std::string Octets::Difference(std::string_view got) const {
  std::size_t at = 0;
  for (const Piece& piece : pieces) {
    const std::string_view here = got.substr(at, piece.octets.size());
    for (std::size_t i = 0; piece.name.empty() && i < here.size(); ++i) {
      if (here[i] == piece.octets[i]) continue;
      return absl::StrCat("octet ", at + i, ": ", absl::BytesToHexString(here.substr(i, 1)),
                          ", not ", absl::BytesToHexString(piece.octets.substr(i, 1)));
    }
    at += piece.octets.size();
  }
  return "";
}

absl::StatusOr<Capture> ParseCapture(std::string_view text) {
  Parser parser;
  if (absl::Status status = parser.Parse(text); !status.ok()) return status;
  return parser.Take();
}

absl::StatusOr<std::vector<Step>> ParseScript(std::string_view text, Side subject,
                                              int connections) {
  Parser parser;
  parser.BeginScript(subject, connections, /*ours=*/true);
  if (absl::Status status = parser.Parse(text); !status.ok()) return status;
  return parser.Take().steps;
}

}  // namespace monocoque::golden
