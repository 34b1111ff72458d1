/* SPDX-License-Identifier: BSD-2-Clause */
/* DOS's dates (year from 1980 on, month, day) and times (hour, minute, two seconds), date in the upper half. */
#include "fs/fat/fat_internal.h"

#define SECOND 1000000000ll
#define DAY    86400

/* Days since 1970 of a date of the Gregorian calendar: years that begin in March have their leap day at the end. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	unsigned of_era = (unsigned)(year - era * 400);
	unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	unsigned of_era = (unsigned)(days - era * 146097);
	unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int64_t)y + era * 400 + (*month <= 2);
}

uint32_t fat_dos_time(int64_t ns, uint8_t *tens_ms)
{
	int64_t seconds = ns / SECOND - (ns % SECOND < 0), year;
	unsigned month, day, second;

	if (seconds < days_of(1980, 1, 1) * DAY)
		seconds = days_of(1980, 1, 1) * DAY, ns = 0;
	if (seconds >= days_of(2108, 1, 1) * DAY)
		seconds = days_of(2108, 1, 1) * DAY - 1, ns = 0;
	date_of(seconds / DAY, &year, &month, &day);
	second = (unsigned)(seconds % DAY);
	if (tens_ms)
		*tens_ms = (uint8_t)(second % 2 * 100 + (unsigned)(ns % SECOND / 10000000));
	return (uint32_t)(year - 1980) << 25 | month << 21 | day << 16 | second / 3600 << 11 | second / 60 % 60 << 5 |
	       second % 60 / 2;
}

int64_t fat_time(uint32_t dos, uint8_t tens_ms)
{
	unsigned month = dos >> 21 & 15, day = dos >> 16 & 31;
	int64_t seconds;

	/* Nobody wrote a time, or somebody a wrong one: the beginning of time */
	if (!month || month > 12 || !day)
		month = day = 1;
	seconds = days_of(1980 + (dos >> 25), month, day) * DAY + (dos >> 11 & 31) * 3600 + (dos >> 5 & 63) * 60 +
		  (dos & 31) * 2;
	return seconds * SECOND + (tens_ms < 200 ? tens_ms * 10000000ll : 0);
}
