#ifndef MONOCOQUE_CLI_OUTPUT_H_
#define MONOCOQUE_CLI_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cli/tasks.h"

namespace monocoque::cli {

// Standard descriptors that whoever started us left closed are occupied, so that no socket of ours
// becomes one: reading gives the end of input at once, writing fails.
void OccupyStandardDescriptors();

// One line on stderr, "monocoque: ..."; nothing in it reaches a terminal unescaped, and what is
// escaped already is left alone. Stderr that cannot be written now holds up nobody: lines are left
// out then, and counted in front of the next one that can be written.
void Complain(std::string_view why);
// One line on stderr as it is: the caller has escaped it. Left out as above.
void Note(std::string_view line);

// What any number of peers can bring about: said the first time, and then counted.
class Recurring {
 public:
  // What stands behind the number of all: " answers found nobody".
  explicit Recurring(std::string_view sum) : sum_(sum) {}

  void Happen(std::string_view what);
  // At the end: how often it was, if that was more than once.
  void TellSum() const;

 private:
  const std::string_view sum_;
  std::uint64_t count_ = 0;
};

// Stdout, written as far as its reader takes it: one that does not read holds up neither the loop
// nor a timeout.
class Output {
 public:
  explicit Output(Tasks* tasks);

  // All of `text`, in order; an error once stdout takes no more.
  Task<absl::Status> Write(std::string text);
  // Waits until nobody reads stdout any more. False, at once: it is no pipe, and does not tell.
  Task<bool> Unread();

  // What an error says when nobody reads.
  static constexpr char kClosed[] = "stdout is closed";

 private:
  Tasks& tasks_;
  // What can be written at once without blocking, where poll(2) says that something can.
  std::size_t chunk_bytes_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_OUTPUT_H_
