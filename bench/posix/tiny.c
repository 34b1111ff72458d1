/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that spawn.c starts. */
int main(void)
{
	return 0;
}
