#pragma once

extern const char k3s_role_examples[];
extern const char k3s_role_returns[];
