#include "bench/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/contender.h"

namespace monocoque::bench {

Child::Child(const std::function<void(int out)>& run) {
  std::array<int, 2> ends;
  if (pipe(ends.data()) < 0) Die("no pipe");
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[0]);
    run(ends[1]);
    std::_Exit(0);
  }
  close(ends[1]);
  in_ = ends[0];
}

Child::~Child() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(in_);
}

std::string Child::Line() {
  std::string line;
  for (char c = 0; read(in_, &c, 1) == 1 && c != '\n';) line.push_back(c);
  if (line.empty()) Die("one side ended early");
  return line;
}

double Child::Number() {
  double number = 0;
  if (!absl::SimpleAtod(Line(), &number)) Die("no figure");
  return number;
}

void Tell(int out, std::string line) {
  line.push_back('\n');
  if (write(out, line.data(), line.size()) < 0) Die("nobody listens");
}

namespace {

double ThroughputWithin(const Contender& contender, const Setting& setting) {
  Child both([&](int out) {
    const Announce announce = [&](const std::string& endpoint) {
      std::thread([&, endpoint] { contender.produce(setting, endpoint); }).detach();
    };
    Tell(out, absl::StrCat(contender.consume(setting, announce)));
  });
  return both.Number();
}

}  // namespace

double Throughput(const Contender& contender, const Setting& setting) {
  if (setting.transport == "inproc") return ThroughputWithin(contender, setting);
  Child consumer([&](int out) {
    const Announce announce = [&](const std::string& endpoint) { Tell(out, endpoint); };
    Tell(out, absl::StrCat(contender.consume(setting, announce)));
  });
  const std::string endpoint = consumer.Line();
  Child producer([&](int) { contender.produce(setting, endpoint); });
  return consumer.Number();
}

double Median(std::vector<double> figures) {
  const auto middle = figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2);
  std::ranges::nth_element(figures, middle);
  return *middle;
}

std::vector<double> MediansInTurn(std::size_t count, std::size_t rounds,
                                  const std::function<double(std::size_t)>& run) {
  std::vector<std::vector<double>> figures(count);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < count; ++i) figures[i].push_back(run(i));
  }
  std::vector<double> medians;
  for (std::vector<double>& each : figures) medians.push_back(Median(std::move(each)));
  return medians;
}

}  // namespace monocoque::bench
