// Who a server says that it is.
#pragma once

#include <string>

namespace lambdaforge::experiments {

// Both as PEM; the certificate may be followed by those that vouch for it.
struct TlsCertificate {
  std::string certificate, key;

  bool empty() const { return certificate.empty(); }
};

// Reads both files. Throws std::invalid_argument that names the files when one cannot be read, is
// no PEM or has a password, or when the key is not the certificate's.
TlsCertificate load_certificate(const std::string& certificate_file, const std::string& key_file);

}  // namespace lambdaforge::experiments
