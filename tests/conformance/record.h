#ifndef MONOCOQUE_TESTS_CONFORMANCE_RECORD_H_
#define MONOCOQUE_TESTS_CONFORMANCE_RECORD_H_

#include <map>
#include <string>
#include <string_view>

namespace monocoque::conformance {

// The table in docs/conformance.md, and what this run adds up to. Each outcome goes into test.xml
// too, where tools/conformance.py finds it and makes the table. When all tests are over, the table
// is held against the run: it fails where the two differ.

// A line of the table and where in it: suite, scenario, adapter, carrier.
struct Entry {
  std::string suite;     // "Life"
  std::string scenario;  // "Reconnect"; "(all)": what the suite does not have
  std::string adapter;
  std::string carrier;

  friend auto operator<=>(const Entry&, const Entry&) = default;
};
using Table = std::map<Entry, std::string>;

// As cases are named: "UringTcp".
std::string CellName(std::string_view adapter, std::string_view carrier);

// The running test did this.
void RecordOutcome(std::string_view adapter, std::string_view carrier, std::string_view outcome);
// The suite, "LifeTest", has nothing in this cell. Before any test runs.
void RecordAbsence(std::string_view suite, std::string_view adapter, std::string_view carrier,
                   std::string_view why);

// The table in a document's text.
Table ParseTable(std::string_view document);

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_RECORD_H_
