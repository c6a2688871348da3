#include "tests/conformance/record.h"

#include <fstream>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace monocoque::conformance {
namespace {

constexpr char kDocument[] = "docs/conformance.md";
constexpr char kAll[] = "(all)";

Table& Outcomes() {
  static auto* const outcomes = new Table;
  return *outcomes;
}
Table& Absences() {
  static auto* const absences = new Table;
  return *absences;
}

std::string SuiteName(std::string_view test_suite) {
  return std::string(absl::StripSuffix(test_suite, "Test"));
}

// "Reconnect/UringTcp" is a case of Reconnect.
std::string ScenarioName(std::string_view test) {
  return std::string(test.substr(0, test.find('/')));
}

// What the table may speak of on behalf of this program: suite, and scenario in a cell as a test is
// named.
std::set<std::pair<std::string, std::string>> Registered() {
  std::set<std::pair<std::string, std::string>> all;
  const ::testing::UnitTest& run = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < run.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *run.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      all.emplace(SuiteName(suite.name()), suite.GetTestInfo(j)->name());
    }
  }
  for (const auto& [entry, why] : Absences()) all.emplace(entry.suite, kAll);
  return all;
}

std::string TestName(const Entry& entry) {
  return absl::StrCat(entry.scenario, "/", CellName(entry.adapter, entry.carrier));
}

std::string ToString(const Entry& entry) {
  return absl::StrCat(entry.suite, ", ", entry.scenario, ", ", entry.adapter, " over ",
                      entry.carrier);
}

// Holds the committed table against the run.
class TheTable final : public ::testing::Environment {
 public:
  void TearDown() override {
    std::ifstream file(kDocument);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const Table table = ParseTable(text);
    std::string differences;
    Table expected = Outcomes();
    expected.insert(Absences().begin(), Absences().end());
    for (const auto& [entry, outcome] : expected) {
      const auto it = table.find(entry);
      const std::string said = it == table.end() ? "nothing" : it->second;
      if (said == outcome) continue;
      absl::StrAppend(&differences, ToString(entry), ": ", outcome, "; the table says: ", said,
                      "\n");
    }
    const auto registered = Registered();
    std::set<std::string> suites;
    for (const auto& [suite, scenario] : registered) suites.insert(suite);
    for (const auto& [entry, outcome] : table) {
      if (!suites.contains(entry.suite)) continue;
      const bool gone = entry.scenario == kAll
                            ? !Absences().contains(entry)
                            : !registered.contains({entry.suite, TestName(entry)});
      if (gone) absl::StrAppend(&differences, ToString(entry), ": is no more\n");
    }
    if (differences.empty()) return;
    ADD_FAILURE() << kDocument << " is out of date: run tools/conformance.py. This run:\n"
                  << differences;
  }
};

const ::testing::Environment* const the_table =
    ::testing::AddGlobalTestEnvironment(new TheTable);  // which the framework owns

// Not a test: where the table's lines about what there is not go into test.xml.
TEST(CellsTest, TheAbsentOnes) {
  for (const auto& [entry, why] : Absences()) {
    RecordProperty(absl::StrCat(entry.suite, "/", entry.adapter, "/", entry.carrier), why);
  }
}

}  // namespace

std::string CellName(std::string_view adapter, std::string_view carrier) {
  std::string name;
  for (std::string_view word : {adapter, carrier}) {
    const std::size_t at = name.size();
    name.append(word);
    if (!word.empty()) name[at] = absl::ascii_toupper(static_cast<unsigned char>(name[at]));
  }
  return name;
}

void RecordOutcome(std::string_view adapter, std::string_view carrier, std::string_view outcome) {
  const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
  ::testing::Test::RecordProperty("adapter", std::string(adapter));
  ::testing::Test::RecordProperty("carrier", std::string(carrier));
  ::testing::Test::RecordProperty("did", std::string(outcome));
  Outcomes()[{SuiteName(test.test_suite_name()), ScenarioName(test.name()), std::string(adapter),
              std::string(carrier)}] = std::string(outcome);
}

void RecordAbsence(std::string_view suite, std::string_view adapter, std::string_view carrier,
                   std::string_view why) {
  Absences()[{SuiteName(suite), kAll, std::string(adapter), std::string(carrier)}] =
      std::string(why);
}

Table ParseTable(std::string_view document) {
  Table table;
  std::string suite;
  std::vector<std::string> columns;
  for (std::string_view line : absl::StrSplit(document, '\n')) {
    if (absl::ConsumePrefix(&line, "## ")) {
      suite = std::string(line);
      columns.clear();
    }
    if (!absl::ConsumePrefix(&line, "|") || !absl::ConsumeSuffix(&line, "|")) continue;
    std::vector<std::string> fields;
    for (std::string_view field : absl::StrSplit(line, '|')) {
      fields.emplace_back(absl::StripAsciiWhitespace(field));
    }
    if (columns.empty()) {
      columns = fields;
      continue;
    }
    // Scenario, what it did, and in the column of each adapter the carriers over which it did so.
    for (std::size_t i = 2; i < fields.size() && i < columns.size(); ++i) {
      for (std::string_view carrier : absl::StrSplit(fields[i], ' ', absl::SkipEmpty())) {
        table[{suite, fields[0], columns[i], std::string(carrier)}] = fields[1];
      }
    }
  }
  std::erase_if(table, [](const auto& each) { return each.first.scenario.starts_with("---"); });
  return table;
}

}  // namespace monocoque::conformance
